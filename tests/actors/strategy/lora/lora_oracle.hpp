#pragma once

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "actors/strategy/lora/lora_rule.hpp"
#include "partition/support/random.hpp"

// The dense float64 way to fold, written down straight from the formulas: every product is formed
// as [out, in], nothing is shared with actors/strategy.

namespace lorafleet::tests {

/// One matrix [out, in] for each module.
using Dense = std::vector<Eigen::MatrixXd>;

inline Eigen::MatrixXd dense_product(const model::Adapter& adapter, std::size_t module) {
  const auto& shape = adapter.layout->modules()[module];
  const double s = shape.use_rslora ? shape.alpha / std::sqrt(static_cast<double>(shape.rank))
                                    : shape.alpha / static_cast<double>(shape.rank);
  Eigen::MatrixXd product(shape.out, shape.in);
  for (std::int64_t row = 0; row < shape.out; ++row) {
    for (std::int64_t column = 0; column < shape.in; ++column) {
      double sum = 0.0;
      for (std::int64_t r = 0; r < shape.rank; ++r) {
        sum +=
            static_cast<double>(adapter.b(module)[static_cast<std::size_t>(row * shape.rank + r)]) *
            static_cast<double>(adapter.a(module)[static_cast<std::size_t>(r * shape.in + column)]);
      }
      product(row, column) = s * sum;
    }
  }
  return product;
}

inline Dense dense_products(const model::Adapter& adapter) {
  Dense all;
  for (std::size_t i = 0; i < adapter.layout->modules().size(); ++i)
    all.push_back(dense_product(adapter, i));
  return all;
}

/// With what was folded into the base.
inline Dense dense_effect(const model::Adapter& adapter) {
  Dense all = dense_products(adapter);
  for (std::size_t i = 0; adapter.base_change != nullptr && i < all.size(); ++i) {
    for (Eigen::Index row = 0; row < all[i].rows(); ++row) {
      for (Eigen::Index column = 0; column < all[i].cols(); ++column) {
        all[i](row, column) += static_cast<double>(
            adapter.base_change->deltas[i][static_cast<std::size_t>(row * all[i].cols() + column)]);
      }
    }
  }
  return all;
}

inline void add(Dense& sum, double factor, const Dense& other) {
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += factor * other[i];
}

inline double norm(const Dense& matrices) {
  double sum = 0.0;
  for (const auto& matrix : matrices)
    sum += matrix.squaredNorm();
  return std::sqrt(sum);
}

inline double distance(Dense a, const Dense& b) {
  add(a, -1.0, b);
  return norm(a);
}

/// dW + lr sum_k w_k (dW_k - dW_anchor,k).
inline Dense dense_step(const model::Adapter& current, const std::vector<strategy::FoldItem>& items,
                        double lr = 1.0) {
  Dense sum = dense_products(current);
  for (const auto& item : items) {
    add(sum, lr * item.weight, dense_products(*item.adapter));
    add(sum, -lr * item.weight, dense_products(*item.anchor));
  }
  return sum;
}

/// Best approximations with the ranks of `layout`, by Jacobi rotations of the dense matrices.
inline Dense dense_best(const Dense& matrices, const model::AdapterLayout& layout) {
  Dense best;
  for (std::size_t i = 0; i < matrices.size(); ++i) {
    const Eigen::JacobiSVD<Eigen::MatrixXd> svd(matrices[i],
                                                Eigen::ComputeThinU | Eigen::ComputeThinV);
    const auto rank = std::min<Eigen::Index>(layout.modules()[i].rank, svd.singularValues().size());
    best.push_back(svd.matrixU().leftCols(rank) * svd.singularValues().head(rank).asDiagonal() *
                   svd.matrixV().leftCols(rank).transpose());
  }
  return best;
}

/// The least (sigma_r - sigma_{r+1}) / sigma_1 over the modules: below it the best approximation is
/// not well defined.
inline double dense_gap(const Dense& matrices, const model::AdapterLayout& layout) {
  double gap = 1.0;
  for (std::size_t i = 0; i < matrices.size(); ++i) {
    const Eigen::VectorXd sigma = Eigen::JacobiSVD<Eigen::MatrixXd>(matrices[i]).singularValues();
    const Eigen::Index rank = layout.modules()[i].rank;
    if (rank < sigma.size()) gap = std::min(gap, (sigma[rank - 1] - sigma[rank]) / sigma[0]);
  }
  return gap;
}

/// The size that rounding errors are measured by.
inline double magnitude(const model::Adapter& current,
                        const std::vector<strategy::FoldItem>& items) {
  double size = norm(dense_products(current));
  for (const auto& item : items) {
    size += std::abs(item.weight) *
            (norm(dense_products(*item.adapter)) + norm(dense_products(*item.anchor)));
  }
  return size;
}

struct Shape {
  std::int64_t out = 0;
  std::int64_t in = 0;
};

inline model::LayoutPtr layout_of(const std::vector<Shape>& shapes, std::int64_t rank,
                                  double alpha = 16.0, bool use_rslora = false) {
  std::vector<model::LoraModule> modules;
  for (const Shape& shape : shapes) {
    modules.push_back({"m" + std::to_string(modules.size()), shape.in, shape.out,
                       std::min(rank, std::min(shape.in, shape.out)), alpha, use_rslora});
  }
  return std::make_shared<const model::AdapterLayout>(std::move(modules));
}

inline model::AdapterPtr random_factors(const model::LayoutPtr& layout, Random& random,
                                        double size = 0.1) {
  model::Adapter adapter{layout, std::vector<float>(layout->size())};
  for (float& value : adapter.values)
    value = static_cast<float>(size * random.normal());
  return std::make_shared<const model::Adapter>(std::move(adapter));
}

/// What a client makes of what it received.
inline model::AdapterPtr trained(const model::AdapterPtr& start, Random& random,
                                 double size = 0.03) {
  auto adapter = std::make_shared<model::Adapter>(*start);
  for (float& value : adapter->values)
    value = static_cast<float>(value + size * random.normal());
  return adapter;
}

/// The largest of some errors; printed at the end where LORAFLEET_SHOW_ERRORS is set.
class LargestError {
 public:
  explicit LargestError(std::string name) : name_(std::move(name)) {}
  LargestError(const LargestError&) = delete;
  LargestError& operator=(const LargestError&) = delete;
  ~LargestError() {
    if (std::getenv("LORAFLEET_SHOW_ERRORS") == nullptr) return;
    std::cout << name_ << ": largest error " << largest_ << " in " << count_ << " folds\n";
  }
  double add(double error) {
    ++count_;
    largest_ = std::max(largest_, error);
    return error;
  }

 private:
  std::string name_;
  double largest_ = 0.0;
  int count_ = 0;
};

}  // namespace lorafleet::tests
