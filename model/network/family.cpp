#include "model/network/family.hpp"

#include "model/network/config_reader.hpp"
#include "partition/support/error.hpp"

namespace lorafleet::model {

std::unique_ptr<BaseDescription> read_description(const std::filesystem::path& file) {
  const ConfigReader config(file);
  const std::string type = config.string("model_type", "");
  std::vector<std::string> known;
  for (const Family* family : families()) {
    if (family->model_type() == type) return family->read(config);
    known.push_back(family->model_type());
  }
  config.refuse("model_type", (type.empty() ? "is missing" : "\"" + type + "\" is not supported") +
                                  std::string("; allowed: ") + join(known));
}

ModelShape read_shape(const std::filesystem::path& file) {
  return read_description(file)->shape();
}

std::vector<std::string> known_sizes() {
  std::vector<std::string> names;
  for (const Family* family : families()) {
    for (std::string& name : family->sizes())
      names.push_back(std::move(name));
  }
  return names;
}

std::unique_ptr<BaseDescription> description_of_size(const std::string& name,
                                                     const SizeChanges& changes) {
  for (const Family* family : families()) {
    for (const std::string& known : family->sizes()) {
      if (known == name) return family->of_size(name, changes);
    }
  }
  throw InputError("--like", "\"" + name + "\" is not known; allowed: " + join(known_sizes()));
}

}  // namespace lorafleet::model
