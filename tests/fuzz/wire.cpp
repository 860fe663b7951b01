#include <algorithm>
#include <cstdint>
#include <string_view>

#include "actors/net/connection.hpp"
#include "actors/net/greetings.hpp"
#include "actors/net/payloads.hpp"
#include "partition/support/error.hpp"
#include "tests/fuzz/targets.hpp"

namespace lorafleet::fuzz {

namespace {

namespace net = actors::net;

void decode(const net::Frame& frame) {
  switch (frame.type) {
    case net::FrameType::hello:
      net::decode_hello(frame.payload);
      return;
    case net::FrameType::refused:
    case net::FrameType::ready:
    case net::FrameType::farewell:
      net::decode_text(frame.payload);
      return;
    default:
      return;
  }
}

void decode(const net::Parcel& parcel) {
  const net::BytesView bytes = *parcel.bytes;
  switch (parcel.kind) {
    case net::ParcelKind::scenario:
      net::decode_offer(bytes);
      return;
    case net::ParcelKind::base_change:
      net::decode_base_change(bytes);
      return;
    case net::ParcelKind::adapter:
      net::decode_adapter(bytes, [](std::uint64_t id) -> model::BaseChangePtr {
        return id == 1 ? std::make_shared<model::BaseChange>() : nullptr;
      });
      return;
    case net::ParcelKind::order:
      net::decode_order(bytes);
      return;
    case net::ParcelKind::abandon:
      net::decode_job(bytes);
      return;
    case net::ParcelKind::forget:
      net::decode_numbers(bytes);
      return;
    case net::ParcelKind::update:
      net::decode_update(bytes);
      return;
    case net::ParcelKind::failure:
      net::decode_failed(bytes);
      return;
  }
}

}  // namespace

void read_wire(std::string_view input) {
  if (input.empty()) return;
  const auto first = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  net::Connection connection(net::Side::listening, nullptr, std::uint64_t{1} << 20);
  if ((first & 1) != 0) connection.admit();
  const std::size_t step = (first >> 1) + std::size_t{1};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(input.data());
  try {
    for (std::size_t at = 0; at < input.size(); at += step) {
      for (const auto& item : connection.receive({bytes + at, std::min(step, input.size() - at)})) {
        std::visit([](const auto& content) { decode(content); }, item);
      }
    }
  } catch (const net::ProtocolError& error) {
    throw RuntimeFailure(error.what());
  }
}

}  // namespace lorafleet::fuzz
