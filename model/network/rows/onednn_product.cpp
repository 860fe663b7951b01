#include "model/network/rows/onednn_product.hpp"

#include <stdexcept>

#ifdef LORAFLEET_ONEDNN

#include <algorithm>
#include <array>
#include <cstddef>
#include <dnnl.hpp>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace lorafleet::model {

using dnnl::memory;

struct PackedWeights::Side {
  std::once_flag made;
  memory weight;
};

struct PackedWeights::Sides {
  const void* plain;
  std::int64_t out;
  std::int64_t in;
  Side forward;
  Side backward;
};

namespace {

constexpr std::int64_t kRowUnit = 16;
constexpr std::int64_t kSmallBlock = 64;
/// What goes in and comes out of so many rows stays in the cache.
constexpr std::int64_t kRowBlock = 256;
/// A matrix of more entries than this does not: more rows for each time that it is read.
constexpr std::int64_t kCachedEntries = std::int64_t{1} << 19;
constexpr std::int64_t kLargeBlock = 1024;
using Tag = memory::format_tag;

/// Of the engine that all descriptions are made for; it has no state of its own on a CPU.
const dnnl::engine& cpu() {
  static const dnnl::engine kEngine(dnnl::engine::kind::cpu, 0);
  return kEngine;
}

memory::data_type type_of(bool rounded) {
  return rounded ? memory::data_type::bf16 : memory::data_type::f32;
}

std::size_t bytes_of(bool rounded) {
  return rounded ? sizeof(std::uint16_t) : sizeof(float);
}

memory::desc plain_weight(std::int64_t depth, std::int64_t width, Direction direction,
                          bool rounded) {
  return {{depth, width}, type_of(rounded), direction == Direction::forward ? Tag::ba : Tag::ab};
}

/// Of x [rows, depth] with W [depth, width].
dnnl::matmul::primitive_desc described(const memory::desc& x, const memory::desc& weight,
                                       const memory::desc* bias, const memory::desc& y) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
  return bias != nullptr ? dnnl::matmul::primitive_desc(cpu(), x, weight, *bias, y, attributes)
                         : dnnl::matmul::primitive_desc(cpu(), x, weight, y, attributes);
#else
  const auto desc =
      bias != nullptr ? dnnl::matmul::desc(x, weight, *bias, y) : dnnl::matmul::desc(x, weight, y);
  return {desc, attributes, cpu()};
#endif
}

/// Kept by the thread that computes with them; oneDNN shares what lies behind equal ones.
class Products {
 public:
  void run(const MatrixProduct& product, std::int64_t first, std::int64_t rows) {
    const std::int64_t depth = product.depth(), width = product.width();
    const bool packed = product.packed != nullptr;
    const memory* weight = packed ? &product.packed->side(product.direction).weight : nullptr;
    const Primitive& own = primitive({rows, depth, width, product.direction, packed,
                                      product.bias != nullptr, product.threads, product.rounded},
                                     weight);
    const auto* x = static_cast<const std::byte*>(product.x) +
                    static_cast<std::size_t>(first * depth) * bytes_of(product.rounded);
    if (scratch_.size() < own.scratch.get_size()) scratch_.resize(own.scratch.get_size());
    std::unordered_map<int, memory> arguments = {
        {DNNL_ARG_SRC, at(own.x, x)},
        {DNNL_ARG_WEIGHTS, packed ? *weight : at(own.weight, product.weight)},
        {DNNL_ARG_DST, at(own.y, product.y + first * width)},
        {DNNL_ARG_SCRATCHPAD, at(own.scratch, scratch_.data())}};
    if (product.bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, at(own.bias, product.bias));
    own.matmul.execute(stream_, arguments);
    stream_.wait();
  }

  /// Fewer rows than a unit, as a unit of which the last ones are zero.
  void run_padded(const MatrixProduct& product, std::int64_t first, std::int64_t rows) {
    const auto bytes = static_cast<std::size_t>(product.depth()) * bytes_of(product.rounded);
    const auto width = static_cast<std::size_t>(product.width());
    const auto count = static_cast<std::size_t>(rows);
    const auto skipped = static_cast<std::size_t>(first);
    const auto* x = static_cast<const std::byte*>(product.x) + skipped * bytes;
    rows_in_.assign(kRowUnit * bytes, {});
    rows_out_.resize(kRowUnit * width);
    std::copy_n(x, count * bytes, rows_in_.begin());
    MatrixProduct padded = product;
    padded.x = rows_in_.data();
    padded.y = rows_out_.data();
    run(padded, 0, kRowUnit);
    std::copy_n(rows_out_.begin(), count * width, product.y + skipped * width);
  }

 private:
  struct Shape {
    std::int64_t rows;
    std::int64_t depth;
    std::int64_t width;
    Direction direction;
    bool packed;
    bool bias;
    int threads;
    bool rounded;
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

  static memory at(const memory::desc& desc, const void* address) {
    return {desc, cpu(), const_cast<void*>(address)};
  }

  const Primitive& primitive(const Shape& shape, const memory* weight) {
    const auto found = primitives_.find(shape);
    if (found != primitives_.end()) return found->second;
    Primitive own;
    own.x = {{shape.rows, shape.depth}, type_of(shape.rounded), Tag::ab};
    own.weight = weight != nullptr
                     ? weight->get_desc()
                     : plain_weight(shape.depth, shape.width, shape.direction, shape.rounded);
    own.y = {{shape.rows, shape.width}, memory::data_type::f32, Tag::ab};
    if (shape.bias) own.bias = {{1, shape.width}, memory::data_type::f32, Tag::ab};
    const auto made = described(own.x, own.weight, shape.bias ? &own.bias : nullptr, own.y);
    own.scratch = made.scratchpad_desc();
    own.matmul = dnnl::matmul(made);
    return primitives_.emplace(shape, std::move(own)).first->second;
  }

  dnnl::stream stream_{cpu()};
  std::map<Shape, Primitive> primitives_;
  std::vector<std::byte> scratch_;
  std::vector<std::byte> rows_in_;
  std::vector<float> rows_out_;
};

/// Whether oneDNN computes with these instructions here.
bool has(dnnl::cpu_isa instructions) {
  const auto needed = static_cast<unsigned>(instructions);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & needed) == needed;
}

/// Without AMX a matrix that is not packed is multiplied faster by fewer rows at a time.
bool takes_large_blocks(const MatrixProduct& product) {
  static const bool kHasAmx = has(dnnl::cpu_isa::avx512_core_amx);
  return product.depth() * product.width() > kCachedEntries &&
         (product.packed != nullptr || kHasAmx);
}

}  // namespace

PackedWeights::PackedWeights(const void* weight, std::int64_t out, std::int64_t in)
    : sides_(new Sides{weight, out, in, {}, {}}) {}

PackedWeights::~PackedWeights() = default;

const PackedWeights::Side& PackedWeights::side(Direction direction) const {
  const bool forward = direction == Direction::forward;
  Side& side = forward ? sides_->forward : sides_->backward;
  std::call_once(side.made, [&] {
    // The layout that the kernels like best with many rows serves any number of them.
    const std::int64_t depth = forward ? sides_->in : sides_->out;
    const std::int64_t width = forward ? sides_->out : sides_->in;
    const memory::desc any({depth, width}, memory::data_type::bf16, Tag::any);
    const memory::desc x({kRowBlock, depth}, memory::data_type::bf16, Tag::ab);
    const memory::desc y({kRowBlock, width}, memory::data_type::f32, Tag::ab);
    memory plain(plain_weight(depth, width, direction, true), cpu(),
                 const_cast<void*>(sides_->plain));
    side.weight = memory(described(x, any, nullptr, y).weights_desc(), cpu());
    dnnl::stream stream(cpu());
    dnnl::reorder(plain, side.weight).execute(stream, plain, side.weight);
    stream.wait();
  });
  return side;
}

bool onednn_serves() {
  static const bool kServes = has(dnnl::cpu_isa::avx512_core);
  return kServes;
}

void multiply(const MatrixProduct& product) {
  thread_local Products products;
  std::int64_t first = 0;
  for (const std::int64_t part : {kLargeBlock, kRowBlock, kSmallBlock}) {
    if (part == kLargeBlock && !takes_large_blocks(product)) continue;
    for (; first + part <= product.rows; first += part)
      products.run(product, first, part);
  }
  const std::int64_t whole = (product.rows - first) / kRowUnit * kRowUnit;
  if (whole > 0) products.run(product, first, whole);
  first += whole;
  if (first < product.rows) products.run_padded(product, first, product.rows - first);
}

}  // namespace lorafleet::model

#else

namespace lorafleet::model {

struct PackedWeights::Side {};
struct PackedWeights::Sides {};

PackedWeights::PackedWeights(const void* /*weight*/, std::int64_t /*out*/, std::int64_t /*in*/) {}

PackedWeights::~PackedWeights() = default;

const PackedWeights::Side& PackedWeights::side(Direction /*direction*/) const {
  throw std::logic_error("built without oneDNN");
}

bool onednn_serves() {
  return false;
}

void multiply(const MatrixProduct& /*product*/) {
  throw std::logic_error("built without oneDNN");
}

}  // namespace lorafleet::model

#endif
