#include "actors/remote_host_actor.hpp"

#include <algorithm>

#include "actors/host_actor.hpp"
#include "actors/net/assets.hpp"
#include "actors/run/slot_jobs.hpp"
#include "actors/slot_actor.hpp"
#include "partition/support/error.hpp"
#include "partition/support/numbers.hpp"

namespace lorafleet::actors {

namespace {

constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{8000};
/// A head is trusted: its base changes may be as large as a model.
constexpr std::uint64_t kLargestParcel = std::uint64_t{1} << 37;

}  // namespace

RemoteHostActor::RemoteHostActor(caf::actor_config& config, RemoteHostParts parts)
    : RemoteHostHandle::base(config), parts_(std::move(parts)), pause_(kFirstPause) {}

RemoteHostActor::behavior_type RemoteHostActor::make_behavior() {
  LinkConfig links;
  links.owner = caf::actor_cast<caf::strong_actor_ptr>(this);
  links.tls = parts_.tls;
  links.largest_parcel = kLargestParcel;
  links.silence =
      std::chrono::milliseconds(static_cast<std::int64_t>(parts_.options.silence_seconds * 1000));
  links_ = spawn_links(system(), std::move(links));
  monitor(links_);
  set_down_handler([this](const caf::down_msg&) {
    finish({"", "the network of this process failed", false});
  });
  return {
      [this](ServeHead) {
        answer_ = make_response_promise<HeadServed>();
        if (stopping_) {
          finish({"", "", true});
          return answer_;
        }
        gone_since_ = Clock::now();
        send(links_, Dial{parts_.options.connect});
        return answer_;
      },
      [this](InterruptRun) {
        stopping_ = true;
        if (!link_) {
          if (answer_.pending()) finish({"", "", true});
          return;
        }
        send(links_, DropPeer{*link_, net::FrameType::farewell,
                              net::encode_text("stopped by its user"), "stopped"});
      },
      [this](const ClientUpdate& update) {
        if (!link_ || running_.erase(update.id) == 0) return;
        send(links_, SendParcel{*link_,
                                {net::ParcelKind::update,
                                 std::make_shared<const net::Bytes>(net::encode(update))}});
      },
      [this](const JobFailed& failure) {
        if (!link_ || running_.erase(failure.id) == 0) return;
        parts_.options.warning(failure.reason);
        send(links_, SendParcel{*link_,
                                {net::ParcelKind::failure,
                                 std::make_shared<const net::Bytes>(net::encode(failure))}});
      },
      [this](const LinkUp& message) {
        link_ = message.link;
        parts_.options.log("connected to " + message.address +
                           (message.peer.empty() ? "" : " (" + message.peer + ")"));
        send(links_, SendFrame{*link_, net::FrameType::hello, net::encode(parts_.hello)});
      },
      [this](const LinkFrame& message) {
        if (link_ == message.link) guarded([&] { meet(message); });
      },
      [this](const LinkParcel& message) {
        if (link_ == message.link) guarded([&] { take(message.parcel); });
      },
      [this](const LinkDown& message) { lost(message); },
      [this](DialAgain) {
        if (!answered_) send(links_, Dial{parts_.options.connect});
      },
  };
}

void RemoteHostActor::on_exit() {
  if (links_) caf::anon_send_exit(links_, caf::exit_reason::user_shutdown);
  links_ = nullptr;
  stop_work();
}

template <typename Step>
void RemoteHostActor::guarded(const Step& step) {
  try {
    step();
  } catch (const InputError& failure) {
    const std::string text = failure.what();
    send(links_, DropPeer{*link_, net::FrameType::refused, net::encode_text(text.substr(0, 1000)),
                          "refused"});
    finish({text, "", false});
  } catch (const std::exception& failure) {
    send(links_,
         DropPeer{*link_, net::FrameType::farewell,
                  net::encode_text(std::string(failure.what()).substr(0, 1000)), failure.what()});
  }
}

void RemoteHostActor::meet(const LinkFrame& message) {
  const auto& [type, payload] = message.frame;
  switch (type) {
    case net::FrameType::admitted:
      was_admitted_ = admitted_ = true;
      pause_ = kFirstPause;
      parts_.options.log("working");
      return;
    case net::FrameType::refused:
      finish({"the head refused this host: " + net::decode_text(payload), "", false});
      return;
    case net::FrameType::farewell:
      over_ = true;
      parts_.options.log("the head says: " + net::decode_text(payload));
      send(links_, DropPeer{*link_, net::FrameType::farewell, net::encode_text("farewell"), ""});
      return;
    default:
      throw net::ProtocolError("a frame that a head never sends");
  }
}

void RemoteHostActor::take(const net::Parcel& parcel) {
  const net::BytesView bytes = *parcel.bytes;
  switch (parcel.kind) {
    case net::ParcelKind::scenario:
      prepare(net::decode_offer(bytes));
      return;
    case net::ParcelKind::base_change: {
      // Trainers know a base change by its id: a second object of one id would confuse them.
      auto change = net::decode_base_change(bytes);
      changes_.try_emplace(change->id, change);
      return;
    }
    case net::ParcelKind::adapter: {
      const auto numbered = net::decode_adapter(bytes, [this](std::uint64_t id) {
        const auto found = changes_.find(id);
        return found == changes_.end() ? nullptr : found->second;
      });
      adapters_.insert_or_assign(numbered.number, numbered.adapter);
      return;
    }
    case net::ParcelKind::order:
      order(net::decode_order(bytes));
      return;
    case net::ParcelKind::abandon: {
      const auto job = net::decode_job(bytes);
      if (running_.erase(job) > 0) send(client(job.client), AbandonJob{job});
      return;
    }
    case net::ParcelKind::forget:
      forget(net::decode_numbers(bytes));
      return;
    default:
      throw net::ProtocolError("a parcel that a head never sends");
  }
}

void RemoteHostActor::prepare(const net::RunOffer& offer) {
  const auto& options = parts_.options;
  if (!work_ || work_->identity != offer.identity) {
    stop_work();
    std::vector<std::string> sets;
    for (const auto& asset : offer.assets)
      sets.push_back(asset.key + "=" + net::find_asset(asset, options.assets).string());
    const FederationConfig config = options.read_scenario(offer.scenario, sets);
    auto work = std::make_unique<Work>();
    work->identity = offer.identity;
    parts_.set_threads(static_cast<int>(config.slots.threads));
    const auto jobs = static_cast<std::size_t>(options.slots);
    const auto devices = training_devices(config, jobs, options.warning);
    work->learning = prepare_learning(config, devices, options.log, options.warning);
    work->fingerprint = fingerprint(config, work->learning);
    const SlotJobs wish = slots_for(jobs, config.slots.jobs_of_slot(), devices.size());
    const std::size_t together =
        jobs_that_fit(config, work->learning, wish, false, options.warning);
    for (std::size_t slot = 0; slot < wish.slots; ++slot)
      work->slots.push_back(system().spawn<SlotActor, caf::detached>(work->learning.trainer, slot));
    work->host = system().spawn<HostActor>(work->slots, together);
    work->context = std::make_shared<const ClientContext>(
        ClientContext{config.seed, work->learning.trainer, work->host});
    work_ = std::move(work);
  }
  net::Bytes ready = net::encode_text(work_->fingerprint);
  send(links_, SendFrame{*link_, net::FrameType::ready, std::move(ready)});
}

void RemoteHostActor::stop_work() {
  adapters_.clear();
  changes_.clear();  // another run's have the same ids
  if (!work_) return;
  const auto stop = [](const auto& actor) {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  };
  for (const auto& [id, actor] : work_->clients)
    stop(actor);
  stop(work_->host);
  for (const auto& slot : work_->slots)
    stop(slot);
  work_.reset();
}

ClientHandle& RemoteHostActor::client(sim::ClientId id) {
  const auto [found, is_new] = work_->clients.try_emplace(id.value);
  if (is_new) {
    found->second =
        system().spawn<ClientActor>(id, work_->learning.client_examples[id.value], work_->context);
  }
  return found->second;
}

void RemoteHostActor::order(const net::TrainOrder& order) {
  TrainRequest request = order.request;
  const auto adapter = adapters_.find(order.adapter);
  if (!work_ || adapter == adapters_.end()) {
    throw net::ProtocolError("an order for an adapter that never came");
  }
  if (request.id.client.value >= work_->learning.clients()) {
    throw net::ProtocolError("an order for a client that does not exist");
  }
  request.adapter = adapter->second;
  running_.insert(request.id);
  send(client(request.id.client), request);
}

void RemoteHostActor::forget(const std::vector<std::uint64_t>& numbers) {
  for (const auto number : numbers)
    adapters_.erase(number);
  std::erase_if(changes_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

void RemoteHostActor::give_up_jobs() {
  for (const auto& job : running_)
    send(client(job.client), AbandonJob{job});
  running_.clear();
  adapters_.clear();
  std::erase_if(changes_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

void RemoteHostActor::lost(const LinkDown& message) {
  if (answered_) return;
  if (link_ && link_ != message.link) return;
  if (link_) {
    link_.reset();
    if (admitted_) gone_since_ = Clock::now();
    admitted_ = false;
    give_up_jobs();
  }
  if (stopping_) {
    finish({"", "", true});
    return;
  }
  if (over_ && !parts_.options.stay) {
    finish({});
    return;
  }
  over_ = false;
  if (!was_admitted_ && message.reason.starts_with("TLS")) {
    finish({message.address + ": " + message.reason, "", false});
    return;
  }
  const double gone = std::chrono::duration<double>(Clock::now() - gone_since_).count();
  if (gone > parts_.options.patience_seconds) {
    finish({"",
            "no head at " + parts_.options.connect.text() + " for " +
                shortest(parts_.options.patience_seconds) + " s: " + message.reason,
            false});
    return;
  }
  if (pause_ == kFirstPause) {
    parts_.options.warning("no head at " + parts_.options.connect.text() + ": " + message.reason +
                           "; trying again");
  }
  dial_later();
}

void RemoteHostActor::dial_later() {
  delayed_send(this, pause_, DialAgain{});
  pause_ = std::min(2 * pause_, kLongestPause);
}

void RemoteHostActor::finish(HeadServed how) {
  if (answered_) return;
  answered_ = true;
  answer_.deliver(std::move(how));
}

}  // namespace lorafleet::actors
