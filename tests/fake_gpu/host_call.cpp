// Every operator of a fake GPU is the host's, on the card's memory.
#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/device/torch_version.hpp"
#include "tests/fake_gpu/cards.hpp"
#include "tests/fake_gpu/transfers.hpp"

namespace lorafleet::fake_gpu {
namespace {

#if LORAFLEET_TORCH_AT_LEAST(2, 5)
template <class T>
using Optional = std::optional<T>;
#else
template <class T>
using Optional = c10::optional<T>;
#endif

constexpr c10::DispatchKeySet kCardKeys(c10::DispatchKey::CUDA);
constexpr c10::DispatchKeySet kHostKeys(c10::DispatchKey::CPU);

void place_as(const at::Tensor& x, const at::Tensor& like) {
  x.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides(),
                                                 like.storage_offset());
}

at::Tensor tensor_on(const c10::Storage& storage, c10::DispatchKeySet keys,
                     const at::Tensor& like) {
  at::Tensor x =
      at::detail::make_tensor<c10::TensorImpl>(c10::Storage(storage), keys, like.dtype());
  place_as(x, like);
  return x;
}

/// The tensors of one call: those of the card and, for each, one of the host on the same memory.
class Call {
 public:
  explicit Call(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const Optional<c10::Device>& device() const { return device_; }

  void on(const c10::Device& device) {
    const auto index =
        static_cast<c10::DeviceIndex>(device.has_index() ? device.index() : current_card());
    TORCH_CHECK(!device_ || device_->index() == index, name_,
                ": expected all tensors to be on the same device, but found at least two, cuda:",
                static_cast<int>(index), " and cuda:", static_cast<int>(device_->index()));
    device_ = c10::Device(c10::DeviceType::CUDA, index);
  }

  at::Tensor to_host(const at::Tensor& x) {
    if (!x.defined() || !x.is_cuda()) {
      if (x.defined() && x.dim() > 0) here_.push_back(x);
      return x;
    }
    on(x.device());
    at::Tensor host = tensor_on(host_storage(x.storage()), kHostKeys, x);
    if (x.unsafeGetTensorImpl()->is_wrapped_number()) {
      host.unsafeGetTensorImpl()->set_wrapped_number(true);
    }
    given_.emplace_back(x, host);
    return host;
  }

  /// The host's tensors may be numbers only, as with CUDA.
  void check_sides() const {
    TORCH_CHECK(!device_ || here_.empty(), name_,
                ": expected all tensors to be on the same device, but found at least two, ",
                *device_, " and cpu");
  }

  at::Tensor to_card(const at::Tensor& x) {
    if (!x.defined() || !device_) return x;
    for (const auto& [card, host] : given_) {
      if (host.is_same(x)) return card;
    }
    for (const auto& tensor : here_) {
      if (tensor.is_same(x)) return x;
    }
    return tensor_on(card_storage(x.storage()), kCardKeys, x);
  }

  /// What the host's operator made larger, or otherwise laid out.
  void settle() {
    for (const auto& [card, host] : given_) {
      if (host.storage().data_ptr().get() != host_address(card.storage().data_ptr().get())) {
        const c10::Storage own = copied(host.storage());
        const c10::Storage& storage = card.storage();
        storage.set_nbytes(own.nbytes());
        storage.set_data_ptr(std::move(const_cast<c10::DataPtr&>(own.data_ptr())));
      }
      if (host.sizes() != card.sizes() || host.strides() != card.strides() ||
          host.storage_offset() != card.storage_offset()) {
        place_as(card, host);
      }
    }
  }

 private:
  c10::Storage host_storage(const c10::Storage& card) {
    const auto known = host_of_.find(card.unsafeGetStorageImpl());
    if (known != host_of_.end()) return known->second;
    c10::Storage host(c10::Storage::use_byte_size_t(), card.nbytes(),
                      c10::DataPtr(host_address(card.data_ptr().get()), c10::DeviceType::CPU),
                      c10::GetAllocator(c10::DeviceType::CPU), /*resizable=*/true);
    host_of_.emplace(card.unsafeGetStorageImpl(), host);
    card_of_.emplace(host.unsafeGetStorageImpl(), card);
    return host;
  }

  c10::Storage card_storage(const c10::Storage& host) {
    const auto known = card_of_.find(host.unsafeGetStorageImpl());
    if (known != card_of_.end()) return known->second;
    const c10::Storage card = copied(host);
    card_of_.emplace(host.unsafeGetStorageImpl(), card);
    kept_.push_back(host);
    return card;
  }

  [[nodiscard]] c10::Storage copied(const c10::Storage& host) const {
    c10::Allocator* const allocator = card_allocator(device_->index());
    c10::DataPtr data = allocator->allocate(host.nbytes());
    if (host.nbytes() > 0) {
      std::memcpy(host_address(data.get()), host.data_ptr().get(), host.nbytes());
    }
    return {c10::Storage::use_byte_size_t(), host.nbytes(), std::move(data), allocator,
            /*resizable=*/true};
  }

  std::string name_;
  Optional<c10::Device> device_;
  std::vector<std::pair<at::Tensor, at::Tensor>> given_;  ///< card's, host's
  std::vector<at::Tensor> here_;
  std::unordered_map<const c10::StorageImpl*, c10::Storage> host_of_;
  std::unordered_map<const c10::StorageImpl*, c10::Storage> card_of_;
  std::vector<c10::Storage> kept_;  ///< so that their addresses are nobody else's
};

/// `value` with each of its tensors, also those in lists, as `change` makes it.
template <class Change>
c10::IValue changed(const c10::IValue& value, const Change& change) {
  if (value.isTensor()) return change(value.toTensor());
  if (value.isTensorList()) {
    std::vector<at::Tensor> all;
    for (const at::Tensor& x : value.toTensorVector())
      all.push_back(change(x));
    return all;
  }
  if (value.isList() && value.toList().elementType()->kind() == c10::TypeKind::OptionalType) {
    c10::List<Optional<at::Tensor>> all;
    for (const c10::IValue& x : value.toListRef())
      all.push_back(x.isNone() ? Optional<at::Tensor>() : change(x.toTensor()));
    return all;
  }
  return value;
}

void call_on_host(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  Call call(schema.name());
  const std::size_t first = stack->size() - schema.arguments().size();
  for (std::size_t i = first; i < stack->size(); ++i) {
    c10::IValue& value = (*stack)[i];
    if (value.isDevice()) {
      if (value.toDevice().is_cuda()) call.on(value.toDevice());
      value = c10::Device(c10::DeviceType::CPU);
    } else {
      value = changed(value, [&](const at::Tensor& x) { return call.to_host(x); });
    }
  }
  call.check_sides();
  if (schema.name() == "aten::_local_scalar_dense") count_wait();
  op.callBoxed(stack);
  call.settle();
  for (std::size_t i = stack->size() - schema.returns().size(); i < stack->size(); ++i) {
    (*stack)[i] = changed((*stack)[i], [&](const at::Tensor& x) { return call.to_card(x); });
  }
}

int card_of(const Optional<c10::Device>& device) {
  return device && device->has_index() ? device->index() : current_card();
}

at::Tensor empty(c10::IntArrayRef sizes, Optional<at::ScalarType> type,
                 Optional<at::Layout> /*layout*/, Optional<c10::Device> device,
                 Optional<bool> /*pinned*/, Optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(sizes, card_allocator(card_of(device)), kCardKeys,
                                   c10::dtype_or_default(type), format);
}

at::Tensor empty_strided(c10::IntArrayRef sizes, c10::IntArrayRef strides,
                         Optional<at::ScalarType> type, Optional<at::Layout> /*layout*/,
                         Optional<c10::Device> device, Optional<bool> /*pinned*/) {
  return at::detail::empty_strided_generic(sizes, strides, card_allocator(card_of(device)),
                                           kCardKeys, c10::dtype_or_default(type));
}

at::Tensor& copy(at::Tensor& to, const at::Tensor& from, bool non_blocking) {
  count_transfer(to, from, non_blocking);
  const auto here = [](const at::Tensor& x) {
    return x.is_cuda() ? Call("aten::copy_").to_host(x) : x;
  };
  at::Tensor on_host = here(to);
  on_host.copy_(here(from));
  return to;
}

/// On a GPU a row's result does not depend on where the row lies in a large block. OpenBLAS's
/// kernels keep to that for eight rows at a time.
constexpr std::int64_t kRows = 8;

/// LibTorch's CPUs had no products of float16 before 2.1.
at::Tensor widened(const at::Tensor& x) {
  return x.scalar_type() == at::kHalf ? x.to(at::kFloat) : x;
}

/// `product` of each kRows rows of `out`, from `first` on.
template <class Product>
void by_rows(const at::Tensor& out, const Product& product) {
  for (std::int64_t first = 0; first < out.size(0); first += kRows) {
    const std::int64_t rows = std::min(kRows, out.size(0) - first);
    at::Tensor part = out.narrow(0, first, rows);
    product(part, first, rows);
  }
}

at::Tensor& mm_out(const at::Tensor& x, const at::Tensor& matrix, at::Tensor& out) {
  Call call("aten::mm");
  const at::Tensor own = call.to_host(x), by = call.to_host(matrix), into = call.to_host(out);
  call.check_sides();
  by_rows(into, [&](at::Tensor& y, std::int64_t first, std::int64_t rows) {
    y.scalar_type() == at::kHalf ? y.copy_(at::mm(widened(own.narrow(0, first, rows)), widened(by)))
                                 : at::mm_out(y, own.narrow(0, first, rows), by);
  });
  return out;
}

at::Tensor& addmm_out(const at::Tensor& more, const at::Tensor& x, const at::Tensor& matrix,
                      const at::Scalar& beta, const at::Scalar& alpha, at::Tensor& out) {
  Call call("aten::addmm");
  const at::Tensor own = call.to_host(x), by = call.to_host(matrix), into = call.to_host(out);
  const at::Tensor add = call.to_host(more).expand(out.sizes());
  call.check_sides();
  by_rows(into, [&](at::Tensor& y, std::int64_t first, std::int64_t rows) {
    at::addmm_out(y, add.narrow(0, first, rows), own.narrow(0, first, rows), by, beta, alpha);
  });
  return out;
}

TORCH_LIBRARY_IMPL(_, CUDA, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&call_on_host>());
}

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  library.impl("empty.memory_format", &empty);
  library.impl("empty_strided", &empty_strided);
  library.impl("copy_", &copy);
  library.impl("mm.out", &mm_out);
  library.impl("addmm.out", &addmm_out);
}

}  // namespace
}  // namespace lorafleet::fake_gpu
