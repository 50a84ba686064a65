"""The page to look at: one HTML file about a run, which opens from disk and asks nothing of a network.

Read first: issue 9 and `fwsim.report`, whose figures it shows. `watching` runs captures and looks at each packet of a
window; `packets`, `tables`, `trials` and `flow` keep what is shown of them; `overview`, `rules` and `states` tell the
rest; `document` puts it into the page with its script and style (`page.html`, `*.css`, `*.js` beside this file).
"""
