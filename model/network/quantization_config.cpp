#include "model/network/quantization_config.hpp"

#include <algorithm>
#include <optional>

#include "model/network/config_reader.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

Quantization HeldQuantization::of(const std::string& module, Quantization agreed) const {
  const bool skips = std::any_of(skipped.begin(), skipped.end(), [&](const std::string& part) {
    return module.starts_with(part) || module.find(part + ".") != std::string::npos ||
           module.ends_with(part);
  });
  return skips ? Quantization::none : agreed;
}

HeldQuantization read_quantization(const ConfigReader& config) {
  const std::optional<ConfigReader> own = config.part("quantization_config");
  if (!own) return {};
  // Files of before transformers 4.34 do not say by what.
  const std::string method = own->string("quant_method", "bitsandbytes");
  if (method != "bitsandbytes") {
    own->refuse("quant_method", "\"" + method + "\" is not supported; allowed: bitsandbytes");
  }
  const bool int8 = own->boolean("load_in_8bit", own->boolean("_load_in_8bit", false));
  const bool four = own->boolean("load_in_4bit", own->boolean("_load_in_4bit", false));
  if (int8 == four) {
    own->refuse("load_in_8bit", std::string("and load_in_4bit are both ") +
                                    (int8 ? "true" : "false") +
                                    "; allowed: exactly one of them true");
  }
  if (four) {
    const std::string type = own->string("bnb_4bit_quant_type", "fp4");
    if (type != "nf4") {
      own->refuse("bnb_4bit_quant_type", "\"" + type + "\" is not supported; allowed: nf4");
    }
    const std::string storage = own->string("bnb_4bit_quant_storage", "uint8");
    if (storage != "uint8") {
      own->refuse("bnb_4bit_quant_storage", "\"" + storage + "\" is not supported; allowed: uint8");
    }
  }
  return {int8 ? Quantization::int8 : Quantization::nf4, own->strings("llm_int8_skip_modules")};
}

Quantization agreed_quantization(const HeldQuantization& files, const std::string& wanted) {
  const Quantization kind = quantization_choices().at(wanted).value;
  if (files.kind == Quantization::none || files.kind == kind) return kind;
  const std::string held = name_of(files.kind);
  throw InputError("model.quantization",
                   "\"" + wanted + "\" does not fit the base: its files hold " + held +
                       ", says quantization_config in its config.json; allowed: " + held);
}

}  // namespace lorafleet::model
