#include "actors/link_actor.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <variant>

#include "actors/net/greetings.hpp"

namespace lorafleet::actors {

namespace {

using Clock = std::chrono::steady_clock;
using Handle = caf::io::connection_handle;

constexpr std::size_t kMostStrangers = 256;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::chrono::milliseconds kLastWords{300};
constexpr std::chrono::milliseconds kLastChunks{3000};  // behind what is on its way already
constexpr std::chrono::milliseconds kLongestBeat{1000};
constexpr int kBeatsInSilence = 5;
constexpr std::chrono::seconds kDialPatience{5};

struct Link {
  LinkId id = 0;
  std::string address;
  std::unique_ptr<net::Connection> connection;
  Clock::time_point opened = Clock::now();
  Clock::time_point heard = Clock::now();
  bool dying = false;                 // it is not listened to any more
  std::optional<std::string> reason;  // of its end, if this side knows
  bool up = false;
  bool admitted = false;  // as a host, by the owner, or because this side called
};

int fd_of(Handle handle) {
  return static_cast<int>(handle.id());
}

class Links {
 public:
  Links(caf::io::broker* self, LinkConfig config)
      : self_(self),
        config_(std::move(config)),
        beat_(std::min(kLongestBeat, config_.silence / kBeatsInSilence)) {}

  caf::behavior behavior();

 private:
  template <typename Message>
  void tell(Message message) {
    self_->send(caf::actor_cast<caf::actor>(config_.owner), std::move(message));
  }
  /// Whatever goes wrong costs this one connection.
  template <typename Step>
  void guarded(Handle handle, Link& link, const Step& step);
  template <typename Step>
  void act(LinkId id, const Step& step);

  void accept(Handle handle);
  void make_room();
  void dial(const net::Endpoint& endpoint);
  Link& open(Handle handle, net::Side side);
  void read(const caf::io::new_data_msg& message);
  void rise(Link& link);
  void end(Link& link, const std::string& reason);
  static void tell_why(Link& link);
  void closed(Handle handle);
  void flush(Handle handle, Link& link);
  void tick();
  void look_after(Handle handle, Link& link, Clock::time_point now);

  caf::io::broker* self_;
  LinkConfig config_;
  std::chrono::milliseconds beat_;  // between signs of life
  std::map<Handle, Link> links_;
  std::unordered_map<LinkId, Handle> handles_;
  LinkId next_ = 1;
  Clock::time_point ticked_ = Clock::now();
};

caf::behavior Links::behavior() {
  for (const int fd : config_.listening_fds)
    self_->add_doorman(fd);
  tick();
  return {
      [this](const caf::io::new_connection_msg& message) { accept(message.handle); },
      [this](const caf::io::new_data_msg& message) { read(message); },
      [this](const caf::io::connection_closed_msg& message) { closed(message.handle); },
      [](const caf::io::acceptor_closed_msg&) {},
      [this](LinkTick) { tick(); },
      [this](CutLink order) {
        const auto found = handles_.find(order.link);
        if (found != handles_.end()) net::cut(fd_of(found->second));
      },
      [this](const Dial& order) { dial(order.endpoint); },
      [this](const SendFrame& order) {
        act(order.link, [&](Link& link) { link.connection->send(order.type, order.payload); });
      },
      [this](const SendParcel& order) {
        act(order.link, [&](Link& link) { link.connection->send(order.parcel); });
      },
      [this](const AdmitPeer& order) {
        act(order.link, [&](Link& link) {
          link.connection->admit();
          link.admitted = true;
        });
      },
      [this](const DropPeer& order) {
        act(order.link, [&](Link& link) {
          link.connection->send(order.type, order.payload);
          end(link, order.reason);
        });
      },
  };
}

template <typename Step>
void Links::guarded(Handle handle, Link& link, const Step& step) {
  try {
    step();
  } catch (const std::exception& failure) {
    end(link, failure.what());
    tell_why(link);
  }
  flush(handle, link);
}

void Links::end(Link& link, const std::string& reason) {
  link.dying = true;
  link.reason = reason;
  const bool may_have_chunks = link.admitted && link.up;
  self_->delayed_send(self_, may_have_chunks ? kLastChunks : kLastWords, CutLink{link.id});
}

void Links::tell_why(Link& link) {
  try {
    link.connection->send(net::FrameType::refused, net::encode_text(*link.reason));
  } catch (const std::exception&) {
    // A connection that cannot even say goodbye is cut without it.
  }
}

template <typename Step>
void Links::act(LinkId id, const Step& step) {
  const auto found = handles_.find(id);
  if (found == handles_.end()) return;
  Link& link = links_.at(found->second);
  if (!link.dying) guarded(found->second, link, [&] { step(link); });
}

Link& Links::open(Handle handle, net::Side side) {
  Link made;
  made.id = next_++;
  made.address = net::Endpoint{self_->remote_addr(handle), self_->remote_port(handle)}.text();
  made.connection = std::make_unique<net::Connection>(side, config_.tls, config_.largest_parcel);
  Link& link = links_.insert_or_assign(handle, std::move(made)).first->second;
  handles_.emplace(link.id, handle);
  self_->configure_read(handle, caf::io::receive_policy::at_most(kReadBytes));
  return link;
}

void Links::accept(Handle handle) {
  make_room();
  try {
    Link& link = open(handle, net::Side::listening);
    if (!config_.tls) rise(link);
  } catch (const std::exception& failure) {
    net::cut(fd_of(handle));
    self_->close(handle);
    tell(LinkDown{0, "a new connection", "", failure.what(), false});
  }
}

/// The oldest stranger has had the most time to introduce itself.
void Links::make_room() {
  std::size_t strangers = 0;
  auto oldest = links_.end();
  for (auto it = links_.begin(); it != links_.end(); ++it) {
    if (it->second.admitted || it->second.reason) continue;
    ++strangers;
    if (oldest == links_.end() || it->second.opened < oldest->second.opened) oldest = it;
  }
  if (strangers < kMostStrangers) return;
  oldest->second.reason = "too many connections that nobody vouches for";
  net::cut(fd_of(oldest->first));
}

void Links::dial(const net::Endpoint& endpoint) {
  try {
    const net::Socket socket = net::connect_to(endpoint, kDialPatience);
    const Handle handle = self_->add_scribe(socket.fd);
    Link& link = open(handle, net::Side::connecting);
    link.admitted = true;
    guarded(handle, link, [&] {
      if (!socket.loopback && !config_.tls) {
        throw net::ProtocolError("TLS: another machine needs it; allowed: --cert, --key and --ca");
      }
      link.connection->admit();
      if (!config_.tls) rise(link);
    });
  } catch (const std::exception& failure) {
    tell(LinkDown{0, endpoint.text(), "", failure.what(), false});
  }
}

void Links::read(const caf::io::new_data_msg& message) {
  const auto found = links_.find(message.handle);
  if (found == links_.end() || found->second.dying) return;
  Link& link = found->second;
  link.heard = Clock::now();
  guarded(message.handle, link, [&] {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(message.buf.data());
    auto incoming = link.connection->receive({bytes, message.buf.size()});
    if (!link.up && link.connection->established()) rise(link);
    for (auto& item : incoming) {
      if (auto* frame = std::get_if<net::Frame>(&item)) {
        tell(LinkFrame{link.id, std::move(*frame)});
      } else {
        tell(LinkParcel{link.id, std::move(std::get<net::Parcel>(item))});
      }
    }
  });
}

void Links::rise(Link& link) {
  link.up = true;
  tell(LinkUp{link.id, link.address, link.connection->peer()});
}

void Links::closed(Handle handle) {
  const auto found = links_.find(handle);
  if (found == links_.end()) return;
  const Link& link = found->second;
  tell(LinkDown{link.id, link.address, link.connection->peer(),
                link.reason.value_or("the connection was closed"), link.admitted});
  handles_.erase(link.id);
  links_.erase(found);
}

void Links::flush(Handle handle, Link& link) {
  const net::Bytes out = link.connection->take_output();
  if (out.empty()) return;
  self_->write(handle, out.size(), out.data());
  self_->flush(handle);
}

void Links::tick() {
  const auto now = Clock::now();
  // A process that stood still itself must not blame its peers for the silence.
  const bool stood_still = now - ticked_ > 4 * beat_;
  ticked_ = now;
  for (auto& [handle, link] : links_) {
    if (stood_still) link.heard = now;
    look_after(handle, link, now);
  }
  self_->delayed_send(self_, beat_, LinkTick{});
}

void Links::look_after(Handle handle, Link& link, Clock::time_point now) {
  if (link.dying) return;
  if (!link.admitted && now - link.opened > config_.introduction) {
    link.reason = "did not introduce itself in time";
    net::cut(fd_of(handle));
  } else if (now - link.heard > config_.silence) {
    link.reason = "silent for " + std::to_string(config_.silence.count()) + " ms";
    net::cut(fd_of(handle));
  } else if (link.up) {
    guarded(handle, link, [&] { link.connection->send(net::FrameType::alive); });
  }
}

}  // namespace

LinkHandle spawn_links(caf::actor_system& system, LinkConfig config) {
  const caf::actor broker = system.middleman().spawn_broker(
      [](caf::io::broker* self, const LinkConfig& with) {
        const auto links = std::make_shared<Links>(self, with);
        auto behavior = links->behavior();
        self->attach_functor([links](const caf::error&) {});
        return behavior;
      },
      std::move(config));
  return caf::actor_cast<LinkHandle>(broker);
}

}  // namespace lorafleet::actors
