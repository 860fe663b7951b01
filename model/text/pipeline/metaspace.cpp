#include "model/text/pipeline/metaspace.hpp"

namespace lorafleet::model {

Metaspace::Metaspace(const Setting& setting)
    : replacement(setting.at("replacement").character_or("\u2581")),
      split(setting.at("split").flag_or(true)) {
  const Setting scheme = setting.at("prepend_scheme");
  if (scheme.is_null()) {  // files of before 2024 say it with a flag
    prepend = setting.at("add_prefix_space").flag_or(true) ? Prepend::always : Prepend::never;
  } else if (scheme.name() == "always") {
    prepend = Prepend::always;
  } else if (scheme.name() == "first") {
    prepend = Prepend::first;
  } else if (scheme.name() == "never") {
    prepend = Prepend::never;
  } else {
    scheme.refuse(scheme.shown() + " is not supported; allowed: always, first, never");
  }
}

}  // namespace lorafleet::model
