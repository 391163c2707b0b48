# expect: py.code-execution
# tries: numpy calls the builtin for each element
import numpy

numpy.vectorize(eval)(["print('PWNED')"])
