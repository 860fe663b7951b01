#include "model/network/step/layer_pass.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <utility>

#include "model/device/device.hpp"
#include "model/network/layers/packed_attention.hpp"
#include "model/network/step/dropout_pass.hpp"
#include "model/network/step/norm_pass.hpp"

namespace lorafleet::model {
namespace {

using Gradients = std::vector<FactorGradients>;

/// One layer in either direction.
class LayerPass {
 public:
  LayerPass(const LayerContext& context, std::int64_t index)
      : context_(context),
        index_(index),
        parts_(context.network.parts()),
        layer_(context.network.layers()[static_cast<std::size_t>(index)]) {}

  at::Tensor forward(at::Tensor x, LayerTape* tape) {
    LayerTape passing;
    LayerTape& kept = tape == nullptr ? passing : *tape;
    const at::Tensor mixed = attend(x, tape != nullptr, kept);
    if (narrows()) x = x.index_select(0, context_.wanted);
    const at::Tensor middle = after_attention(x, mixed, tape != nullptr, kept);
    return after_feed_forward(x, middle, tape != nullptr, kept);
  }

  at::Tensor backward(at::Tensor g, LayerTape tape, bool wants_x, Gradients& gradients) {
    // x of the rows that went on; a layer that narrows has more of them.
    const bool reaches_attention =
        wants_x || trains(layer_.attention_in, jobs()) || trains(layer_.attention_out, jobs());
    at::Tensor x = narrows() ? tape.x.index_select(0, context_.wanted) : tape.x;
    at::Tensor through_x = second_half(g, x, tape, wants_x, reaches_attention, gradients);
    if (!reaches_attention) return {};
    const bool reaches_heads = wants_x || trains(layer_.attention_in, jobs());
    at::Tensor g_mixed = before_sum(g, tape, reaches_heads, gradients);
    if (!reaches_heads) return {};
    if (wants_x) through_x = through_x.defined() ? through_x.add_(g) : std::move(g);
    if (narrows()) {
      g_mixed = among_all(context_, g_mixed);
      if (wants_x) through_x = among_all(context_, through_x);
    }
    const at::Tensor g_h = before_attention(g_mixed, tape, wants_x, gradients);
    if (!wants_x) return {};
    if (parts_.norms_last) return through_x.add_(g_h);
    norm_backward(tape.x, layer_.attention, g_h, through_x, true);
    return through_x;
  }

 private:
  [[nodiscard]] bool narrows() const {
    return index_ + 1 == static_cast<std::int64_t>(context_.network.layers().size());
  }
  [[nodiscard]] const BatchDropout* dropout() const {
    return narrows() ? &context_.wanted_rows : &context_.rows;
  }
  /// Of the rows that the layer's second half has.
  [[nodiscard]] const JobRows& jobs() const {
    return narrows() ? context_.wanted_jobs : context_.jobs;
  }
  [[nodiscard]] bool gated() const { return layer_.feed_forward_in.modules.size() > 1; }
  [[nodiscard]] const AttentionShape& shape() const {
    return parts_.attention[static_cast<std::size_t>(index_)];
  }
  [[nodiscard]] HeadsPlan plan() const {
    const Rotation* rotation = nullptr;
    if (!parts_.rotary_of.empty()) {
      rotation = &context_.rotations[parts_.rotary_of[static_cast<std::size_t>(index_)]];
    }
    return {shape(), layer_.query, layer_.key, rotation, parts_.fused_by_head};
  }
  [[nodiscard]] AttentionDropout attention_dropout() const { return {context_.dropout, index_}; }

  /// What the first linear layers of a half read.
  static Operand read(const at::Tensor& x, const Norm& norm, bool as_it_is,
                      const LinearGroup& group) {
    return as_it_is ? Operand{x, {}} : norm_forward(x, norm, group.fused.weight);
  }

  at::Tensor attend(const at::Tensor& x, bool keeps, LayerTape& tape) {
    const LinearGroup& in = layer_.attention_in;
    at::Tensor fused = group_forward(in, read(x, layer_.attention, parts_.norms_last, in),
                                     context_.jobs, keeps ? &tape.attention_in : nullptr);
    const Heads heads = heads_forward(plan(), fused);
    at::Tensor mixed = mix(heads, keeps ? &tape.attention : nullptr);
    if (keeps) {
      tape.x = x;
      tape.fused = std::move(fused);
      tape.heads = heads;
    }
    return narrows() ? mixed.index_select(0, context_.wanted) : mixed;
  }

  at::Tensor mix(const Heads& heads, AttentionTape* tape) const {
    if (context_.attention != nullptr) {
      return (*context_.attention)(index_, heads.q, heads.k, heads.v);
    }
    return attention_forward(heads.q, heads.k, heads.v, context_.batch.offsets, shape(),
                             attention_dropout(), tape);
  }

  at::Tensor after_attention(const at::Tensor& x, const at::Tensor& mixed, bool keeps,
                             LayerTape& tape) {
    const LinearGroup& out = layer_.attention_out;
    at::Tensor y = group_forward(out, {mixed, {}}, jobs(), keeps ? &tape.attention_out : nullptr);
    if (keeps && trains(out, jobs())) tape.mixed = mixed;
    if (!parts_.norms.attention_output.empty()) {
      if (keeps) tape.attention_output = y;
      y = norm_forward(y, layer_.attention_output).values;
    }
    drop_rows(y, dropout(), DropoutSite::attention_output, index_);
    y.add_(x);
    if (!parts_.norms_last) return y;
    if (keeps) tape.sum = y;
    return norm_forward(y, layer_.attention).values;
  }

  at::Tensor after_feed_forward(const at::Tensor& x, const at::Tensor& middle, bool keeps,
                                LayerTape& tape) {
    const LinearGroup &in = layer_.feed_forward_in, &out = layer_.feed_forward_out;
    const at::Tensor& source = parts_.parallel ? x : middle;
    at::Tensor before = group_forward(in, read(source, layer_.feed_forward, parts_.norms_last, in),
                                      jobs(), keeps ? &tape.feed_forward_in : nullptr);
    const Operand wide = activation_forward(std::move(before), parts_.activation, gated(),
                                            out.fused.weight, keeps ? &tape.activation : nullptr);
    at::Tensor z = group_forward(out, wide, jobs(), keeps ? &tape.feed_forward_out : nullptr);
    if (keeps) {
      if (!parts_.parallel) tape.middle = middle;
      if (trains(out, jobs())) tape.wide = wide.values;
    }
    if (!parts_.norms.feed_forward_output.empty()) {
      if (keeps) tape.feed_forward_output = z;
      z = norm_forward(z, layer_.feed_forward_output).values;
    }
    drop_rows(z, dropout(), DropoutSite::feed_forward, index_);
    z.add_(middle);
    if (!parts_.norms_last) return z;
    if (keeps) tape.last_sum = z;
    return norm_forward(z, layer_.feed_forward).values;
  }

  /// The gradient of a copy of g, as it was before the dropout and the half's own norm.
  at::Tensor before_output(const at::Tensor& g, DropoutSite site, const Norm& norm, bool has_norm,
                           const at::Tensor& output) {
    const bool drops = dropout()->probability(site) > 0.0;
    at::Tensor own = drops ? g.clone() : g;
    if (drops) drop_rows(own, dropout(), site, index_);
    if (!has_norm) return own;
    at::Tensor before = at::empty(own.sizes(), own.options());
    norm_backward(output, norm, own, before, false);
    return before;
  }

  /// Turns g, the gradient of the layer's result, into that of the sum of x and attention. Returns
  /// what reaches x past it, where both halves read x.
  at::Tensor second_half(at::Tensor& g, const at::Tensor& x, LayerTape& tape, bool wants_x,
                         bool reaches_attention, Gradients& gradients) {
    const LinearGroup &in = layer_.feed_forward_in, &out = layer_.feed_forward_out;
    if (parts_.norms_last) {
      at::Tensor before = at::empty(g.sizes(), g.options());
      norm_backward(tape.last_sum, layer_.feed_forward, g, before, false);
      g = before;
    }
    const bool wants_source = parts_.parallel ? wants_x : reaches_attention;
    const bool in_trains = trains(in, jobs());
    if (!wants_source && !in_trains && !trains(out, jobs())) return {};
    const at::Tensor g_out =
        before_output(g, DropoutSite::feed_forward, layer_.feed_forward_output,
                      !parts_.norms.feed_forward_output.empty(), tape.feed_forward_output);
    at::Tensor g_wide = group_backward(
        out, g_out, jobs(), tape.feed_forward_out, [&] { return tape.wide; },
        wants_source || in_trains, gradients);
    at::Tensor through_x;
    if (g_wide.defined()) {
      g_wide = activation_backward(std::move(g_wide), parts_.activation, gated(), tape.activation);
      const at::Tensor& source = parts_.parallel ? x : tape.middle;
      const at::Tensor g_read = group_backward(
          in, g_wide, jobs(), tape.feed_forward_in,
          [&] { return read(source, layer_.feed_forward, parts_.norms_last, in).values; },
          wants_source, gradients);
      if (g_read.defined()) {
        if (parts_.parallel) through_x = at::zeros(g.sizes(), g.options());
        at::Tensor& into = parts_.parallel ? through_x : g;
        if (parts_.norms_last) {
          into = into + g_read;
        } else {
          norm_backward(source, layer_.feed_forward, g_read, into, true);
        }
      }
    }
    if (parts_.norms_last && reaches_attention) {
      at::Tensor before = at::empty(g.sizes(), g.options());
      norm_backward(tape.sum, layer_.attention, g, before, false);
      g = before;
    }
    return through_x;
  }

  /// The gradient of attention's result from that of the sum.
  at::Tensor before_sum(const at::Tensor& g, LayerTape& tape, bool reaches_heads,
                        Gradients& gradients) {
    const at::Tensor g_out =
        before_output(g, DropoutSite::attention_output, layer_.attention_output,
                      !parts_.norms.attention_output.empty(), tape.attention_output);
    return group_backward(
        layer_.attention_out, g_out, jobs(), tape.attention_out, [&] { return tape.mixed; },
        reaches_heads, gradients);
  }

  /// The gradient of what attention's linear layers read, or undefined where it is not wanted.
  at::Tensor before_attention(const at::Tensor& g, LayerTape& tape, bool wants_x,
                              Gradients& gradients) {
    const HeadsPlan own = plan();
    HeadGradients heads = head_gradients(own, tape.fused);
    attention_backward(tape.heads.q, tape.heads.k, tape.heads.v, g, context_.batch.offsets, shape(),
                       attention_dropout(), {heads.heads.q, heads.heads.k, heads.heads.v},
                       tape.attention);
    const at::Tensor g_fused = heads_backward(own, tape.fused, std::move(heads));
    const LinearGroup& in = layer_.attention_in;
    return group_backward(
        in, g_fused, context_.jobs, tape.attention_in,
        [&] { return read(tape.x, layer_.attention, parts_.norms_last, in).values; }, wants_x,
        gradients);
  }

  const LayerContext& context_;
  std::int64_t index_;
  const NetworkParts& parts_;
  const Network::Layer& layer_;
};

}  // namespace

at::Tensor layer_forward(const LayerContext& context, std::int64_t index, at::Tensor x,
                         LayerTape* tape) {
  return LayerPass(context, index).forward(std::move(x), tape);
}

at::Tensor layer_backward(const LayerContext& context, std::int64_t index, at::Tensor g,
                          LayerTape tape, bool wants_x, std::vector<FactorGradients>& gradients) {
  return LayerPass(context, index).backward(std::move(g), std::move(tape), wants_x, gradients);
}

at::Tensor among_all(const LayerContext& context, const at::Tensor& g) {
  if (!computes_on_host(g.device())) {
    return g.index_select(0, context.place_among_wanted).masked_fill_(context.unwanted, 0);
  }
  const auto rows = static_cast<std::int64_t>(context.batch.tokens.size());
  at::Tensor all = at::zeros({rows, g.size(1)}, g.options());
  all.index_copy_(0, context.wanted, g);
  return all;
}

bool trains(const Network::Layer& layer, const JobRows& jobs) {
  for (const LinearGroup* group : {&layer.attention_in, &layer.attention_out,
                                   &layer.feed_forward_in, &layer.feed_forward_out}) {
    if (trains(*group, jobs)) return true;
  }
  return false;
}

}  // namespace lorafleet::model
