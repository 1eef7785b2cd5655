#include "CSeptumCPU.h"
