#include "actors/net/parcels.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "actors/net/frames.hpp"

namespace lorafleet::actors::net {
namespace {

std::shared_ptr<const Bytes> filled(std::size_t size, std::uint8_t value) {
  return std::make_shared<const Bytes>(size, value);
}

TEST_CASE("parcels come out in order, cut into chunks of a megabyte, four of them on their way") {
  ParcelSender sender;
  ParcelReceiver receiver(std::uint64_t{1} << 30);
  const std::vector<std::size_t> sizes = {0, 1, kChunkBytes, kChunkBytes + 1, 9 * kChunkBytes, 5};
  for (std::size_t i = 0; i < sizes.size(); ++i)
    sender.queue({ParcelKind::adapter, filled(sizes[i], static_cast<std::uint8_t>(i))});
  std::vector<Parcel> received;
  std::uint32_t on_their_way = 0;
  std::uint32_t most = 0;
  std::deque<Bytes> wire;
  while (received.size() < sizes.size()) {
    while (auto chunk = sender.next()) {
      CHECK(chunk->size() <= kChunkBytes + 16);
      wire.push_back(std::move(*chunk));
      most = std::max(most, ++on_their_way);
    }
    REQUIRE_FALSE(wire.empty());
    if (auto parcel = receiver.add(wire.front())) received.push_back(std::move(*parcel));
    wire.pop_front();
    --on_their_way;
    sender.add_credit(1);
  }
  CHECK(most == kCreditChunks);
  CHECK(sender.queued() == 0);
  for (std::size_t i = 0; i < sizes.size(); ++i)
    CHECK(*received[i].bytes == *filled(sizes[i], static_cast<std::uint8_t>(i)));
  CHECK_THROWS_AS(sender.add_credit(1), ProtocolError);
}

Bytes chunk(std::uint8_t kind, std::uint64_t size, std::size_t part) {
  Bytes bytes;
  WireWriter writer(bytes);
  writer.number(kind);
  writer.number(size);
  bytes.resize(bytes.size() + part);
  return bytes;
}

TEST_CASE("a receiver refuses what is too large, changes or does not end") {
  CHECK_THROWS_WITH_AS(ParcelReceiver(100).add(chunk(3, 101, 1)),
                       "a parcel of 101 bytes; allowed: at most 100", ProtocolError);
  CHECK_THROWS_AS(ParcelReceiver(100).add(chunk(0, 10, 10)), ProtocolError);
  CHECK_THROWS_AS(ParcelReceiver(100).add(chunk(200, 10, 10)), ProtocolError);
  CHECK_THROWS_AS(ParcelReceiver(100).add(chunk(3, 10, 0)), ProtocolError);
  CHECK_THROWS_AS(ParcelReceiver(100).add(Bytes(8)), ProtocolError);
  ParcelReceiver receiver(100);
  CHECK_FALSE(receiver.add(chunk(3, 10, 6)));
  CHECK_THROWS_AS(receiver.add(chunk(3, 11, 4)), ProtocolError);
  CHECK_THROWS_AS(receiver.add(chunk(3, 10, 5)), ProtocolError);
  CHECK(receiver.add(chunk(3, 10, 4)));
}

}  // namespace
}  // namespace lorafleet::actors::net
