"""The process that compiles the engine for others; runs start it through `fwsim.compiling`."""
