#include "septum.h"
