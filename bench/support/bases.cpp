#include "bench/support/bases.hpp"

#include <algorithm>
#include <cstdint>
#include <iostream>

#include "model/files/dtype.hpp"
#include "model/network/family.hpp"
#include "model/network/random_base.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::bench {
namespace {

double weights_of(const model::ModelShape& shape) {
  double weights = static_cast<double>(shape.embedding) * static_cast<double>(shape.vocabulary);
  for (std::size_t i = 0; i < shape.modules(); ++i) {
    weights += static_cast<double>(shape.linear(i).in) * static_cast<double>(shape.linear(i).out);
  }
  return weights;
}

}  // namespace

Base base_named(const std::string& name, const std::filesystem::path& folder,
                const std::string& option) {
  const auto shipped = tests::source_folder() / "scenarios" / "base" / name;
  for (const auto& path : {shipped, std::filesystem::path(name), folder / name}) {
    if (!std::filesystem::exists(path / "config.json")) continue;
    const auto shape = model::read_shape(path / "config.json");
    return {std::filesystem::weakly_canonical(path).filename().string(), path, weights_of(shape)};
  }
  const auto sizes = model::known_sizes();
  if (std::find(sizes.begin(), sizes.end(), name) == sizes.end()) {
    throw InputError(option,
                     "\"" + name + "\" is no model's folder and no size; allowed: " + join(sizes));
  }
  return {name, folder / name, weights_of(model::base_of_size(name).description.shape)};
}

void write_where_missing(const Base& base) {
  if (std::filesystem::exists(base.path / "config.json")) return;
  std::cerr << "writing " << base.name << " with random weights\n";
  const auto part = base.path.string() + ".part";
  constexpr std::uint64_t kShard = std::uint64_t{5} << 30;
  model::write_random_base(part, model::base_of_size(base.name), 42,
                           model::weight_type_named("float16", "dtype"), kShard);
  rename_folder(part, base.path);
}

}  // namespace lorafleet::bench
