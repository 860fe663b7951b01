#include "actors/events.hpp"
