#include "CSeptumPython.h"
