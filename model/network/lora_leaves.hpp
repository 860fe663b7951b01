#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "model/adapter/adapter.hpp"
#include "model/network/base_model.hpp"
#include "model/network/layers/dropout.hpp"
#include "model/network/layers/frozen_linear.hpp"

namespace lorafleet::model {

/// A mask of [T, in], undefined where nothing is dropped. Each call draws anew. Internal to
/// model/.
at::Tensor dropout_mask(Dropout& dropout, at::IntArrayRef sizes, at::Device device);

/// x under such a mask, in x's type.
at::Tensor masked(const at::Tensor& x, const at::Tensor& mask);

/// An adapter's factors as leaves of an autograd graph, by the module that they adapt, and the
/// tensors that are trained whole. On the host
/// the leaves are views of the given values: an optimiser that changes the values changes the
/// leaves. Elsewhere they are copies. Internal to model/.
class LoraLeaves {
 public:
  /// `values` must outlive this. Gradients flow to the factors that `trained` names and to what is
  /// trained whole, and to none where it is nothing. Copies of factors are of the given type, those
  /// of whole tensors float32. Throws InputError where the layout does not
  /// fit the model.
  LoraLeaves(const BaseModel& base, const AdapterLayout& layout, float* values,
             std::optional<Factors> trained, at::ScalarType type = at::kFloat);

  /// Where leaves are copies: the trained ones become what `flat` holds, in the layout of
  /// FactorSelection; those of its type are views of it.
  void follow(const at::Tensor& flat);
  /// After what they follow has changed.
  void refresh();

  /// Dropout on the input of each adapted layer.
  void set_dropout(const Dropout& dropout) { dropout_ = dropout; }

  /// Of a module of the base's shape; not defined where it is not adapted.
  [[nodiscard]] const LoraFactors& factors(std::size_t module) const { return factors_[module]; }
  /// Its state goes on with each mask that is drawn from it.
  [[nodiscard]] Dropout& dropout() { return dropout_; }

  /// What is trained whole, in the order of the shape; empty where the adapter has none of it.
  [[nodiscard]] const std::vector<at::Tensor>& whole() const { return whole_; }
  /// The place of the first of them in trained(), the others follow; -1: not trained.
  [[nodiscard]] std::ptrdiff_t first_whole() const { return first_whole_; }

  /// The trained ones of A and B of each module, in the layout's order; then what is trained whole.
  [[nodiscard]] const std::vector<at::Tensor>& trained() const { return trained_; }
  /// Adds gradients of the trained leaves, in their order, to one flat array (the layout of
  /// FactorSelection); undefined ones are zero.
  void add_flat(const std::vector<at::Tensor>& gradients, std::vector<float>& flat) const;

 private:
  std::vector<LoraFactors> factors_;  ///< by module of the shape
  std::vector<at::Tensor> whole_;
  std::ptrdiff_t first_whole_ = -1;
  std::vector<at::Tensor> trained_;
  at::Tensor followed_;  ///< what the trained leaves follow
  at::Tensor narrow_;    ///< the same in the leaves' type; undefined where this is its own
  Dropout dropout_;
};

}  // namespace lorafleet::model
