#pragma once

namespace lorafleet {

/// Gives an object back to the C library that it is from: std::unique_ptr<BIO, Release<BIO_free>>.
template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};

}  // namespace lorafleet
