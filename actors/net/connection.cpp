#include "actors/net/connection.hpp"

#include <utility>

namespace lorafleet::actors::net {

Connection::Connection(Side side, std::shared_ptr<const TlsContext> tls,
                       std::uint64_t largest_parcel)
    : tls_(tls ? std::make_unique<TlsChannel>(std::move(tls), side) : nullptr),
      reader_(kLongestStrangerFrame),
      receiver_(largest_parcel) {}

std::vector<Connection::Incoming> Connection::receive(BytesView from_wire) {
  if (tls_) {
    reader_.feed(tls_->receive(from_wire));
  } else {
    reader_.feed(from_wire);
  }
  std::vector<Incoming> incoming;
  while (auto frame = reader_.next()) {
    if (auto item = take(std::move(*frame))) incoming.push_back(std::move(*item));
  }
  return incoming;
}

std::optional<Connection::Incoming> Connection::take(Frame frame) {
  switch (frame.type) {
    case FrameType::alive:
      return std::nullopt;
    case FrameType::credit: {
      WireReader reader(frame.payload);
      sender_.add_credit(reader.number<std::uint32_t>());
      reader.end();
      send_chunks();
      return std::nullopt;
    }
    case FrameType::chunk: {
      if (!admitted_) throw ProtocolError("a parcel from somebody who was not admitted");
      auto parcel = receiver_.add(frame.payload);
      Bytes one;
      WireWriter(one).number<std::uint32_t>(1);
      send(FrameType::credit, one);
      if (!parcel) return std::nullopt;
      return std::move(*parcel);
    }
    default:
      return frame;
  }
}

void Connection::send(FrameType type, BytesView payload) {
  write(type, payload);
}

void Connection::send(Parcel parcel) {
  sender_.queue(std::move(parcel));
  send_chunks();
}

void Connection::send_chunks() {
  while (const auto chunk = sender_.next())
    write(FrameType::chunk, *chunk);
}

void Connection::write(FrameType type, BytesView payload) {
  if (!tls_) {
    write_frame(plain_out_, type, payload);
    return;
  }
  Bytes frame;
  write_frame(frame, type, payload);
  tls_->send(frame);
}

Bytes Connection::take_output() {
  return tls_ ? tls_->take_output() : std::exchange(plain_out_, {});
}

void Connection::admit() {
  admitted_ = true;
  reader_.allow(kLongestFrame);
}

}  // namespace lorafleet::actors::net
