#include "partition/example.hpp"
