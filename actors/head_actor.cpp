#include "actors/head_actor.hpp"

#include "partition/support/hash.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

namespace {

constexpr net::HostPool::HostId kOwnSlots = 0;
constexpr std::size_t kStrangersNoted = 20;  // a minute; the others are counted

net::RunOffer offer_of(const net::HeadOptions& options) {
  net::RunOffer offer{"", options.scenario, options.assets};
  std::string all = options.scenario;
  for (const auto& asset : options.assets)
    all += '\n' + asset.key + '=' + asset.sha256;
  offer.identity = sha256_hex(all);
  return offer;
}

std::string plural(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

net::Parcel parcel(net::ParcelKind kind, net::Bytes bytes) {
  return {kind, std::make_shared<const net::Bytes>(std::move(bytes))};
}

}  // namespace

HeadActor::HeadActor(caf::actor_config& config, HeadParts parts)
    : HeadHandle::base(config), parts_(std::move(parts)) {
  offer_ = parcel(net::ParcelKind::scenario, net::encode(offer_of(parts_.setup.options)));
  if (!parts_.own_clients.empty()) {
    pool_.add_host(kOwnSlots, static_cast<std::uint32_t>(parts_.setup.options.own_slots));
  }
}

HeadActor::behavior_type HeadActor::make_behavior() {
  LinkConfig links;
  links.owner = caf::actor_cast<caf::strong_actor_ptr>(this);
  links.tls = parts_.setup.tls;
  for (const auto& socket : parts_.setup.listening.sockets)
    links.listening_fds.push_back(socket.fd);
  links.largest_parcel = parts_.setup.largest_update;
  links.silence = std::chrono::milliseconds(
      static_cast<std::int64_t>(parts_.setup.options.silence_seconds * 1000));
  links_ = spawn_links(system(), std::move(links));
  monitor(links_);
  set_down_handler([this](const caf::down_msg&) {
    if (aggregator_) send(aggregator_, JobFailed{{}, "the network of this process failed"});
  });
  tick();
  return {
      [this](const TrainRequest& request) {
        if (!aggregator_) aggregator_ = caf::actor_cast<UpdateSink>(current_sender());
        orders_.emplace(request.id, request);
        pool_.queue(request.id, request.arrival);
        pump();
      },
      [this](const AbandonJob& order) { abandon(order); },
      [this](const ClientUpdate& update) {
        if (!pool_.finish(kOwnSlots, update.id)) return;
        orders_.erase(update.id);
        send(aggregator_, update);
        pump();
      },
      [this](const JobFailed& failure) { send(aggregator_, failure); },
      [this](const LinkUp& message) { strangers_.emplace(message.link, message); },
      [this](const LinkFrame& message) { guarded(message.link, [&] { meet(message); }); },
      [this](const LinkParcel& message) {
        guarded(message.link, [&] { take(message.link, message.parcel); });
      },
      [this](const LinkDown& message) { down(message); },
      [this](HeadTick) { tick(); },
      [this](EndHosts) {
        farewell_ = make_response_promise<HostsEnded>();
        ended_ = true;
        for (const auto& [link, host] : hosts_) {
          send(links_, DropPeer{link, net::FrameType::farewell, net::encode_text("the run is over"),
                                "the run is over"});
        }
        if (hosts_.empty()) farewell_.deliver(HostsEnded{});
        return farewell_;
      },
  };
}

void HeadActor::on_exit() {
  if (links_) caf::anon_send_exit(links_, caf::exit_reason::user_shutdown);
  links_ = nullptr;
  aggregator_ = nullptr;
  parts_.own_clients.clear();
}

template <typename Step>
void HeadActor::guarded(LinkId link, const Step& step) {
  try {
    step();
  } catch (const std::exception& failure) {
    refuse(link, failure.what());
  }
}

void HeadActor::meet(const LinkFrame& message) {
  const auto& [type, payload] = message.frame;
  const auto known = hosts_.find(message.link);
  if (known == hosts_.end()) {
    if (!strangers_.contains(message.link)) return;  // refused or lost a moment ago
    if (type == net::FrameType::hello) {
      admit(message.link, net::decode_hello(payload));
    } else if (type == net::FrameType::ask_status) {
      send(links_, DropPeer{message.link, net::FrameType::tell_status,
                            net::encode_text(status_json(status())), ""});
      strangers_.erase(message.link);
    } else {
      throw net::ProtocolError("the first word must be hello");
    }
    return;
  }
  Host& host = known->second;
  switch (type) {
    case net::FrameType::ready:
      if (host.works) throw net::ProtocolError("ready twice");
      welcome(message.link, host, net::decode_text(payload));
      return;
    case net::FrameType::refused:
      parts_.setup.warning("host " + host.label +
                           " cannot take part: " + net::decode_text(payload));
      lose(message.link, "");
      return;
    case net::FrameType::farewell:
      lose(message.link, net::decode_text(payload));
      return;
    default:
      throw net::ProtocolError("a frame that a host never sends");
  }
}

void HeadActor::admit(LinkId link, const net::Hello& hello) {
  const LinkUp up = strangers_.at(link);
  const std::string label =
      hello.name + " (" + up.address + (up.peer.empty() ? "" : ", " + up.peer) + ")";
  const std::string differs = net::difference(parts_.setup.environment, hello.environment);
  const bool other_program = hello.environment.version != parts_.setup.environment.version;
  if (!differs.empty() && (other_program || !parts_.setup.options.mixed)) {
    throw net::ProtocolError(
        "host " + hello.name + " would change results: seen from the head, " + differs +
        "; allowed: equal ones" +
        (other_program ? "" : ", or a head with --mixed, whose runs are not reproducible"));
  }
  if (!differs.empty()) {
    parts_.setup.warning("host " + label + ": " + differs + "; bytes may differ from run to run");
  }
  if (hello.environment.cpu != parts_.setup.environment.cpu) {
    parts_.setup.warning("host " + label + " has another CPU (" + hello.environment.cpu +
                         "): the last bits of results may differ");
  }
  for (const auto& [other, host] : hosts_) {
    if (host.instance != hello.instance) continue;
    send(links_, DropPeer{other, net::FrameType::farewell, net::encode_text("you came back"), ""});
    lose(other, "it came back by another connection");
    break;
  }
  strangers_.erase(link);
  Host host;
  host.label = label;
  host.name = hello.name;
  host.address = up.address;
  host.instance = hello.instance;
  host.slots = hello.slots;
  hosts_.emplace(link, std::move(host));
  send(links_, AdmitPeer{link});
  send(links_, SendParcel{link, offer_});
  parts_.setup.log("host " + label + " prepares " + plural(hello.slots, "slot"));
}

void HeadActor::welcome(LinkId link, Host& host, const std::string& fingerprint) {
  if (fingerprint != parts_.setup.fingerprint) {
    throw net::ProtocolError("partition, initial adapter and device have sha256 " +
                             parts_.setup.fingerprint + " on the head and " + fingerprint +
                             " on the host; allowed: equal ones");
  }
  host.works = true;
  pool_.add_host(link, host.slots);
  send(links_, SendFrame{link, net::FrameType::admitted, {}});
  parts_.setup.log("host " + host.label + " joined with " + plural(host.slots, "slot") + "; " +
                   plural(pool_.slots(), "slot") + " in all");
  pump();
}

void HeadActor::refuse(LinkId link, const std::string& reason) {
  send(links_,
       DropPeer{link, net::FrameType::refused, net::encode_text(reason.substr(0, 1000)), reason});
  if (hosts_.contains(link)) lose(link, reason);
}

void HeadActor::take(LinkId link, const net::Parcel& parcel) {
  const auto found = hosts_.find(link);
  if (found == hosts_.end()) return;
  if (!found->second.works) throw net::ProtocolError("a parcel before ready");
  switch (parcel.kind) {
    case net::ParcelKind::update:
      take_update(link, net::decode_update(*parcel.bytes));
      return;
    case net::ParcelKind::failure: {
      take_failure(link, net::decode_failed(*parcel.bytes));
      return;
    }
    default:
      throw net::ProtocolError("a parcel that a host never sends");
  }
}

/// A host that cannot train is one host less; a job that two cannot train ends the run.
void HeadActor::take_failure(LinkId link, const JobFailed& failed) {
  if (!pool_.has(link, failed.id)) return;
  if (failed_once_.insert(failed.id).second && pool_.hosts() > 1) {
    refuse(link, failed.reason);
    return;
  }
  send(aggregator_,
       JobFailed{failed.id, failed.reason + " (on host " + hosts_.at(link).label + ")"});
}

void HeadActor::take_update(LinkId link, net::TrainedUpdate update) {
  const auto order = orders_.find(update.id);
  if (order != orders_.end() && update.values.size() != order->second.adapter->layout->size()) {
    throw net::ProtocolError("an update of another size than its order");
  }
  if (!pool_.finish(link, update.id)) return;
  const model::AdapterPtr& from = order->second.adapter;
  ClientUpdate trained{update.id,
                       std::make_shared<const model::Adapter>(model::Adapter{
                           from->layout, std::move(update.values), from->base_change}),
                       update.stats, update.state};
  orders_.erase(order);
  ++hosts_.at(link).updates;
  hosts_.at(link).tokens += update.stats.tokens;
  send(aggregator_, std::move(trained));
  pump();
}

void HeadActor::lose(LinkId link, const std::string& why) {
  const auto found = hosts_.find(link);
  if (found == hosts_.end()) return;
  const std::string label = found->second.label;
  hosts_.erase(found);
  const auto jobs = pool_.remove_host(link);
  if (!why.empty() && !ended_) {
    parts_.setup.warning("lost host " + label + ": " + why + "; " + plural(jobs.size(), "job") +
                         " of it will be done again");
  }
  if (ended_ && hosts_.empty()) farewell_.deliver(HostsEnded{});
  pump();
}

void HeadActor::down(const LinkDown& message) {
  strangers_.erase(message.link);
  if (hosts_.contains(message.link)) {
    lose(message.link, message.reason);
  } else if (!message.was_admitted && !message.reason.empty()) {
    note_stranger(message);
  }
}

void HeadActor::note_stranger(const LinkDown& message) {
  if (noted_ >= kStrangersNoted) {
    ++unnoted_;
    return;
  }
  ++noted_;
  parts_.setup.warning("refused " + message.address +
                       (message.peer.empty() ? "" : " (" + message.peer + ")") + ": " +
                       message.reason);
}

void HeadActor::pump() {
  if (ended_) return;
  if (!started_) {
    const auto own = static_cast<std::size_t>(pool_.has_host(kOwnSlots));
    if (pool_.hosts() - own < static_cast<std::size_t>(parts_.setup.options.hosts)) return;
    started_ = true;
  }
  try {
    while (const auto next = pool_.next())
      dispatch(next->host, orders_.at(next->job));
  } catch (const std::exception& failure) {
    send(aggregator_, JobFailed{{}, std::string("giving out jobs failed: ") + failure.what()});
  }
}

void HeadActor::dispatch(LinkId host_id, const TrainRequest& request) {
  if (host_id == kOwnSlots) {
    send(parts_.own_clients[request.id.client.value], request);
    return;
  }
  Host& host = hosts_.at(host_id);
  Numbered& numbered = number(request.adapter);
  if (host.adapters.insert(numbered.number).second) {
    const auto& change = request.adapter->base_change;
    if (change && host.changes[change->id]++ == 0) {
      send(links_, SendParcel{host_id, parcel(net::ParcelKind::base_change, net::encode(*change))});
    }
    send(links_,
         SendParcel{host_id, {net::ParcelKind::adapter, encoded(numbered, request.adapter)}});
  }
  net::TrainOrder order{request, numbered.number};
  order.request.adapter = nullptr;
  send(links_, SendParcel{host_id, parcel(net::ParcelKind::order, net::encode(order))});
}

HeadActor::Numbered& HeadActor::number(const model::AdapterPtr& adapter) {
  const auto found = numbers_.find(adapter.get());
  if (found != numbers_.end() && !found->second.adapter.expired()) return found->second;
  forget_old();
  const auto& change = adapter->base_change;
  return numbers_
      .insert_or_assign(adapter.get(),
                        Numbered{next_number_++, change ? change->id : 0, adapter, {}})
      .first->second;
}

std::shared_ptr<const net::Bytes> HeadActor::encoded(Numbered& numbered,
                                                     const model::AdapterPtr& adapter) {
  if (auto bytes = numbered.bytes.lock()) return bytes;
  auto bytes = std::make_shared<const net::Bytes>(
      net::encode(net::NumberedAdapter{numbered.number, adapter}));
  numbered.bytes = bytes;
  return bytes;
}

void HeadActor::forget_old() {
  std::vector<Numbered> old;
  std::erase_if(numbers_, [&](const auto& entry) {
    if (!entry.second.adapter.expired()) return false;
    old.push_back(entry.second);
    return true;
  });
  for (auto& [link, host] : hosts_) {
    std::vector<std::uint64_t> numbers;
    for (const Numbered& numbered : old) {
      if (host.adapters.erase(numbered.number) == 0) continue;
      numbers.push_back(numbered.number);
      const auto change = host.changes.find(numbered.change);
      if (change != host.changes.end() && --change->second == 0) host.changes.erase(change);
    }
    if (numbers.empty()) continue;
    send(links_, SendParcel{link, parcel(net::ParcelKind::forget, net::encode_numbers(numbers))});
  }
}

void HeadActor::abandon(const AbandonJob& order) {
  const auto host = pool_.abandon(order.id);
  orders_.erase(order.id);
  if (!host) return;
  if (*host == kOwnSlots) {
    send(parts_.own_clients[order.id.client.value], order);
  } else {
    send(links_, SendParcel{*host, parcel(net::ParcelKind::abandon, net::encode(order.id))});
  }
  pump();
}

void HeadActor::tick() {
  const auto now = Clock::now();
  if (now - minute_ > std::chrono::minutes(1)) {
    if (unnoted_ > 0) {
      parts_.setup.warning("refused " + plural(unnoted_, "more connection") +
                           " in the last minute");
    }
    minute_ = now;
    noted_ = unnoted_ = 0;
  }
  if ((started_ && pool_.hosts() > 0) || pool_.queued() == 0) {
    alone_since_ = now;
  } else if (std::chrono::duration<double>(now - alone_since_).count() >
             parts_.setup.options.patience_seconds) {
    send(aggregator_,
         JobFailed{
             {},
             (started_ ? "no host"
                       : "fewer than " +
                             plural(static_cast<std::size_t>(parts_.setup.options.hosts), "host")) +
                 " for " + shortest(parts_.setup.options.patience_seconds) + " s, and " +
                 plural(pool_.queued(), "job") + " wait for one"});
    alone_since_ = now;
  }
  delayed_send(this, std::chrono::seconds(1), HeadTick{});
}

HeadStatus HeadActor::status() const {
  HeadStatus status{.run = parts_.setup.run,
                    .started = started_,
                    .progress = parts_.setup.board->read(),
                    .jobs_waiting = pool_.queued(),
                    .own_slots = parts_.setup.options.own_slots,
                    .own_jobs = pool_.running(kOwnSlots),
                    .hosts = {}};
  for (const auto& [link, host] : hosts_) {
    status.hosts.push_back({host.name, host.address, host.works, host.slots, pool_.running(link),
                            host.updates, host.tokens, host.adapters.size()});
  }
  return status;
}

}  // namespace lorafleet::actors
