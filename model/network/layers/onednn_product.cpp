#include "model/network/layers/onednn_product.hpp"

#include <stdexcept>

#ifdef LORAFLEET_ONEDNN

#include <array>
#include <cstddef>
#include <dnnl.hpp>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace lorafleet::model {
namespace {

using dnnl::memory;

constexpr std::int64_t kRowUnit = 64;

/// Kept by the thread that computes with them; oneDNN shares what lies behind equal ones.
class Products {
 public:
  void run(const MatrixProduct& product, std::int64_t first, std::int64_t rows) {
    if (rows == 0) return;
    const bool forward = product.direction == Direction::forward;
    const std::int64_t depth = forward ? product.in : product.out;
    const std::int64_t width = forward ? product.out : product.in;
    const Primitive& own =
        primitive({rows, depth, width, forward, product.bias != nullptr, product.threads});
    const auto* x = static_cast<const std::uint16_t*>(product.x) + first * depth;
    if (scratch_.size() < own.scratch.get_size()) scratch_.resize(own.scratch.get_size());
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, at(own.x, x)},
        {DNNL_ARG_WEIGHTS, at(own.weight, product.weight)},
        {DNNL_ARG_DST, at(own.y, product.y + first * width)},
        {DNNL_ARG_SCRATCHPAD, at(own.scratch, scratch_.data())}};
    if (product.bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, at(own.bias, product.bias));
    own.matmul.execute(stream_, arguments);
    stream_.wait();
  }

 private:
  struct Shape {
    std::int64_t rows;
    std::int64_t depth;
    std::int64_t width;
    bool forward;
    bool bias;
    int threads;
    auto operator<=>(const Shape&) const = default;
  };
  struct Primitive {
    dnnl::matmul matmul;
    memory::desc x;
    memory::desc weight;
    memory::desc bias;
    memory::desc y;
    memory::desc scratch;
  };

  memory at(const memory::desc& desc, const void* address) {
    return {desc, engine_, const_cast<void*>(address)};
  }

  const Primitive& primitive(const Shape& shape) {
    const auto found = primitives_.find(shape);
    if (found != primitives_.end()) return found->second;
    using Tag = memory::format_tag;
    constexpr auto kType = memory::data_type::bf16;
    Primitive own;
    own.x = {{shape.rows, shape.depth}, kType, Tag::ab};
    own.weight = {{shape.depth, shape.width}, kType, shape.forward ? Tag::ba : Tag::ab};
    own.y = {{shape.rows, shape.width}, memory::data_type::f32, Tag::ab};
    if (shape.bias) own.bias = {{1, shape.width}, memory::data_type::f32, Tag::ab};
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
    const auto made =
        shape.bias
            ? dnnl::matmul::primitive_desc(engine_, own.x, own.weight, own.bias, own.y, attributes)
            : dnnl::matmul::primitive_desc(engine_, own.x, own.weight, own.y, attributes);
#else
    const auto described = shape.bias ? dnnl::matmul::desc(own.x, own.weight, own.bias, own.y)
                                      : dnnl::matmul::desc(own.x, own.weight, own.y);
    const dnnl::matmul::primitive_desc made(described, attributes, engine_);
#endif
    own.scratch = made.scratchpad_desc();
    own.matmul = dnnl::matmul(made);
    return primitives_.emplace(shape, std::move(own)).first->second;
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::map<Shape, Primitive> primitives_;
  std::vector<std::byte> scratch_;
};

}  // namespace

bool onednn_serves() {
  static const bool serves = [] {
    constexpr auto kNeeded = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
    return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & kNeeded) == kNeeded;
  }();
  return serves;
}

void multiply(const MatrixProduct& product) {
  thread_local Products products;
  const std::int64_t whole = product.rows / kRowUnit * kRowUnit;
  products.run(product, 0, whole);
  products.run(product, whole, product.rows - whole);
}

}  // namespace lorafleet::model

#else

namespace lorafleet::model {

bool onednn_serves() {
  return false;
}

void multiply(const MatrixProduct& /*product*/) {
  throw std::logic_error("built without oneDNN");
}

}  // namespace lorafleet::model

#endif
