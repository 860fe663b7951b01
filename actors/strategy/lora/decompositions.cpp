#include "actors/strategy/lora/decompositions.hpp"

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>

namespace lorafleet::strategy {

using Matrix = Eigen::MatrixXd;

ThinSvd thin_svd(const Matrix& a) {
  const Eigen::BDCSVD<Matrix> svd(a, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return {svd.matrixU(), svd.singularValues(), svd.matrixV()};
}

Eigen::VectorXd singular_values(const Matrix& a) {
  return Eigen::BDCSVD<Matrix>(a).singularValues();
}

struct HouseholderQr::Reflections {
  Eigen::HouseholderQR<Matrix> qr;
};

HouseholderQr::HouseholderQr(const Matrix& a)
    : reflections_(std::make_unique<Reflections>(Reflections{Eigen::HouseholderQR<Matrix>(a)})) {}
HouseholderQr::~HouseholderQr() = default;
HouseholderQr::HouseholderQr(HouseholderQr&&) noexcept = default;

Matrix HouseholderQr::r() const {
  const auto& qr = reflections_->qr;
  const Eigen::Index size = std::min(qr.rows(), qr.cols());
  return qr.matrixQR().topRows(size).triangularView<Eigen::Upper>();
}

Matrix HouseholderQr::thin_q() const {
  const auto& qr = reflections_->qr;
  return qr.householderQ() * Matrix::Identity(qr.rows(), qr.cols());
}

Matrix HouseholderQr::q_times(const Matrix& x) const {
  const auto& qr = reflections_->qr;
  Matrix result = Matrix::Zero(qr.rows(), x.cols());
  result.topRows(x.rows()) = x;
  result.applyOnTheLeft(qr.householderQ());
  return result;
}

}  // namespace lorafleet::strategy
