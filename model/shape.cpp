#include "model/shape.hpp"

#include <algorithm>
#include <charconv>
#include <compare>
#include <limits>
#include <stdexcept>
#include <string>

namespace lorafleet::model {
namespace {

std::string last_part(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

constexpr std::uint64_t kNoLayer = std::numeric_limits<std::uint64_t>::max();

/// Where a module of this name stands, in the order of adapters.
struct Place {
  std::uint64_t layer;    ///< kNoLayer: around the layers
  std::ptrdiff_t linear;  ///< in the shape's list; its end where it is not in there
  std::string name;
  auto operator<=>(const Place&) const = default;
};

std::ptrdiff_t index_of(std::string_view name, const std::vector<LinearShape>& linears) {
  const auto found = std::find_if(linears.begin(), linears.end(),
                                  [&](const LinearShape& linear) { return linear.name == name; });
  return found - linears.begin();
}

Place place_of(const ModelShape& shape, const std::string& module) {
  if (module.starts_with(shape.layer_path)) {
    std::uint64_t layer = kNoLayer;
    const char* end = module.data() + module.size();
    const auto read = std::from_chars(module.data() + shape.layer_path.size(), end, layer);
    const std::string_view rest(read.ptr, static_cast<std::size_t>(end - read.ptr));
    if (read.ec == std::errc() && rest.starts_with('.')) {
      return {layer, index_of(rest.substr(1), shape.layer_linears), module};
    }
  }
  return {kNoLayer, index_of(module, shape.other_linears), module};
}

}  // namespace

std::size_t ClassifierShape::tensor(HeadRole role) const {
  const auto found = std::find(roles.begin(), roles.end(), role);
  if (found == roles.end()) throw std::logic_error("the classifier has no such tensor");
  return static_cast<std::size_t>(found - roles.begin());
}

std::size_t WholeTensor::size() const {
  std::size_t size = 1;
  for (const std::int64_t side : shape)
    size *= static_cast<std::size_t>(side);
  return size;
}

std::string LinearShape::target() const {
  return last_part(name);
}

std::int32_t ModelShape::end() const {
  if (ends.empty()) throw std::logic_error("the model has no token that ends a text");
  return ends.front();
}

bool ModelShape::ends_with(std::int64_t token) const {
  return std::find(ends.begin(), ends.end(), token) != ends.end();
}

std::size_t ModelShape::modules() const {
  return static_cast<std::size_t>(layers) * layer_linears.size() + other_linears.size();
}

const LinearShape& ModelShape::linear(std::size_t module) const {
  const std::size_t in_layers = static_cast<std::size_t>(layers) * layer_linears.size();
  return module < in_layers ? layer_linears[module % layer_linears.size()]
                            : other_linears.at(module - in_layers);
}

std::string ModelShape::module_name(std::size_t module) const {
  const std::size_t in_layers = static_cast<std::size_t>(layers) * layer_linears.size();
  const std::string& name = linear(module).name;
  if (module >= in_layers) return name;
  return layer_path + std::to_string(module / layer_linears.size()) + '.' + name;
}

std::optional<std::size_t> ModelShape::find(std::string_view name) const {
  const Place place = place_of(*this, std::string(name));
  const auto linear = static_cast<std::size_t>(place.linear);
  if (place.layer < static_cast<std::uint64_t>(layers)) {
    if (linear == layer_linears.size()) return std::nullopt;
    const std::size_t module = place.layer * layer_linears.size() + linear;
    return module_name(module) == name ? std::optional(module) : std::nullopt;  // not "layers.01."
  }
  if (place.layer != kNoLayer || linear == other_linears.size()) return std::nullopt;
  return static_cast<std::size_t>(layers) * layer_linears.size() + linear;
}

std::vector<std::string> ModelShape::targets() const {
  std::vector<std::string> names;
  for (const auto* linears : {&layer_linears, &other_linears}) {
    for (const LinearShape& linear : *linears) {
      if (std::find(names.begin(), names.end(), linear.target()) == names.end()) {
        names.push_back(linear.target());
      }
    }
  }
  return names;
}

bool ModelShape::comes_before(const std::string& a, const std::string& b) const {
  return place_of(*this, a) < place_of(*this, b);
}

}  // namespace lorafleet::model
