#pragma once

#include "model/text/jinja/context.hpp"
#include "model/text/jinja/value.hpp"

namespace lorafleet::model::jinja {

/// range, namespace, dict, raise_exception, strftime_now. `context` must outlive them.
Dict global_functions(Context& context);

}  // namespace lorafleet::model::jinja
