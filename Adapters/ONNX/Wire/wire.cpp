#include "CSeptumONNX.h"
