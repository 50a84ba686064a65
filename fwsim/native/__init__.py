"""Machine code of the engine's entry functions: made by Numba once, kept in files, run without Numba from then on.

Importing Numba and unpickling what it keeps of a compiled function costs 0.4 s in every process; loading the bare
machine code with llvmlite, the library that Numba itself uses for it, costs a tenth of that. So:

* `translation` has Numba compile an entry function, and gives an object file with one symbol: a function that takes its
  arguments as a row of 64-bit words;
* `keeping` knows where object files are kept, and which of them are of these sources and this machine;
* `loading` makes an object file executable;
* `calling` is what stands in an entry function's place: it writes the arguments into the words, and calls.

Nothing here knows what the functions do. Who has them compiled, and when, is in `fwsim.compiling`.
"""
