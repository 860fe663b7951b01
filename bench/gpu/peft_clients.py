#!/usr/bin/env python3
"""What bench_cohorts trains (bench/README.md), with Hugging Face's transformers and PEFT on the same device: clients one after
the other, as PEFT trains one adapter at a time.

    python3 bench/gpu/peft_clients.py --shapes opt-125m,opt-1.3b --json peft.jsonl
    python3 bench/gpu/peft_clients.py --device cpu --shapes opt-nano --clients 2 --tokens 64     # a try without a GPU

Random weights, LoRA r = 8 on q_proj and v_proj, AdamW with clipping, dropout 0, steps of 8 sequences of one length whose last
15 % are labels. Two ways:

  stock   as scripts do it: the adapter's state set, a new optimiser, batches from the host, all logits, a loss read in each step,
          PEFT's float32 adapter, the state fetched at the end
  tuned   sequences packed without padding, attention over each alone (flash attention by their lengths on a GPU), logits of the
          rows that predict a label, batches that are on the device, adapter in the base's dtype and set back in place, AdamW in
          one kernel, no wait for the device before a client ends

A line for each: tokens/s of all clients together with the switches between them, as bench_cohorts counts, and the slowest and
fastest client's own. Without peft (Debian has no package of it) the adapted layers are those of hugging_face.py, and the output
says so; without torch or transformers nothing is measured, which is an error."""

import argparse
import gc
import importlib.util
import json
import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import hugging_face as shared  # noqa: E402

LABEL_SHARE = 0.15
WARM_UP = 2  # clients


def sequences(args, vocabulary):
    """For each client and step: (tokens, first label) of its sequences."""
    length = max(2, args.tokens // shared.STEP)
    first = length - max(1, round(LABEL_SHARE * length))
    rng = random.Random(7)
    return [[[([rng.randrange(vocabulary) for _ in range(length)], first) for _ in range(shared.STEP)]
             for _ in range(args.steps)] for _ in range(args.clients)]


class PackedAttention(shared.EachAlone):
    """LibTorch's flash attention over the packed sequences, where the device and the dtype have it."""

    ends, longest, repeats = None, 0, False

    def __call__(self, module, query, key, value, attention_mask, scaling=None, dropout=0.0, **rest):
        import torch
        if not query.is_cuda or query.dtype not in (torch.bfloat16, torch.float16):
            return super().__call__(module, query, key, value, attention_mask, scaling, dropout, **rest)
        groups = query.shape[1] // key.shape[1]
        if self.repeats and groups > 1:
            key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        rows = [x[0].transpose(0, 1) for x in (query, key, value)]  # [T, heads, d]
        out = torch.ops.aten._flash_attention_forward(*rows, self.ends, self.ends, self.longest, self.longest, 0.0, True, False,
                                                      scale=scaling)[0]
        return out.unsqueeze(0), None


attention = PackedAttention()


class Device:
    def __init__(self, name):
        import torch
        self.torch, self.name, self.is_gpu = torch, name, name.startswith("cuda")

    def finish(self):
        if self.is_gpu:
            self.torch.cuda.synchronize(self.name)

    def reset(self):
        gc.collect()
        if self.is_gpu:
            self.torch.cuda.empty_cache()
            self.torch.cuda.reset_peak_memory_stats(self.name)
        elif os.path.exists("/proc/self/clear_refs"):
            Path("/proc/self/clear_refs").write_text("5")

    def peak_bytes(self):
        return self.torch.cuda.max_memory_allocated(self.name) if self.is_gpu else shared.peak_bytes()

    def card(self):
        return self.torch.cuda.get_device_name(self.name) if self.is_gpu else "cpu"

    def largest_product(self):
        """(size, FLOP/s): two square matrices in bfloat16, as bench_cohorts measures them."""
        torch, size = self.torch, 8192 if self.is_gpu else 1024
        x, y = (torch.randn(size, size, device=self.name).to(torch.bfloat16) for _ in range(2))
        fastest, begun, runs = float("inf"), time.perf_counter(), 0
        while runs < 3 or time.perf_counter() - begun < 0.5:
            start = time.perf_counter()
            torch.mm(x, y)
            self.finish()
            fastest, runs = min(fastest, time.perf_counter() - start), runs + 1
        return size, 2.0 * size ** 3 / fastest


def to_device(batch, device):
    for name in ("ids", "positions", "rows", "labels"):
        setattr(batch, name, getattr(batch, name).to(device))
    ends = [0]
    for length in batch.lengths:
        ends.append(ends[-1] + length)
    batch.ends, batch.longest = batch.ids.new_tensor(ends).int(), max(batch.lengths)
    return batch


class Clients:
    """A base under an adapter, and clients that train it in turn."""

    def __init__(self, args, shape, tuned, device):
        import torch
        import transformers
        self.torch, self.device, self.tuned, self.args = torch, device, tuned, args
        torch.manual_seed(0)
        config = shared.config_of(shape)
        config.use_cache = False
        if tuned:
            transformers.AttentionInterface.register("packed_clients", attention)
        dtype = getattr(torch, args.dtype)
        with torch.device(device.name):
            base = transformers.AutoModelForCausalLM.from_config(
                config, **({"attn_implementation": "packed_clients"} if tuned else {}))
        self.base = base.to(device=device.name, dtype=dtype)
        self.model = shared.adapted(self.base, tuned, dtype).to(device.name)
        self.model.train()
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        data = sequences(args, config.vocab_size)
        make = (lambda step: to_device(shared.Packed(step), device.name)) if tuned else shared.padded
        self.data = [[make(step) for step in client] for client in data]
        self.tokens = sum(len(tokens) for step in data[0] for tokens, _ in step)
        if tuned:
            self.start = [p.detach().clone() for p in self.trained]
            self.optimizer = torch.optim.AdamW(self.trained, lr=1e-3, weight_decay=0.01, fused=device.is_gpu or None)
            self.try_heads()
        else:
            self.start = {name: value.detach().cpu().clone() for name, value in self.state().items()}

    def try_heads(self):
        """Some versions of flash attention take keys of fewer heads, others none."""
        attention.repeats = False
        try:
            self.step(self.data[0][0])
        except self.torch.cuda.OutOfMemoryError:
            raise
        except RuntimeError:
            attention.repeats = True
            self.step(self.data[0][0])

    def state(self):
        if importlib.util.find_spec("peft"):
            from peft import get_peft_model_state_dict
            return get_peft_model_state_dict(self.model)
        return {name: value for name, value in self.model.named_parameters() if value.requires_grad}

    def begin(self):
        torch = self.torch
        if not self.tuned:
            if importlib.util.find_spec("peft"):
                from peft import set_peft_model_state_dict
                set_peft_model_state_dict(self.model, self.start)
            else:
                self.model.load_state_dict(self.start, strict=False)
            self.optimizer = torch.optim.AdamW(self.trained, lr=1e-3, weight_decay=0.01)
            return
        with torch.no_grad():
            for value, start in zip(self.trained, self.start):
                value.copy_(start)
            for moments in self.optimizer.state.values():
                for value in moments.values():
                    value.zero_()

    def step(self, batch):
        if self.tuned:
            attention.lengths, attention.ends, attention.longest = batch.lengths, batch.ends, batch.longest
            loss = shared.packed_loss(self.base, batch)
        else:
            loss = self.model(**{name: value.to(self.device.name) for name, value in batch.items()}).loss
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.detach() if self.tuned else loss.item()

    def train(self, client):
        """Seconds of the steps alone, and the last loss."""
        self.begin()
        self.device.finish()
        start = time.perf_counter()
        for batch in self.data[client]:
            loss = self.step(batch)
        self.device.finish()
        seconds = time.perf_counter() - start
        if self.tuned:
            [value.detach().clone() for value in self.trained]
        else:
            {name: value.detach().cpu() for name, value in self.state().items()}
        return seconds, float(loss)

    def measure(self):
        for client in range(min(WARM_UP, self.args.clients)):
            self.train(client)
        begun = time.perf_counter()
        found = [self.train(client) for client in range(self.args.clients)]
        seconds = time.perf_counter() - begun
        length = max(2, self.args.tokens // shared.STEP)
        labels = max(1, round(LABEL_SHARE * length)) / length
        speed = self.tokens * self.args.clients / seconds
        return {"tokens_per_second": speed, "slowest_client": self.tokens / max(s for s, _ in found),
                "fastest_client": self.tokens / min(s for s, _ in found),
                "useful_flops_per_second": speed * shared.training_flops_per_token(self.base, labels),
                "peak_bytes": self.device.peak_bytes(), "last_loss": found[-1][1]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", default="opt-125m,opt-1.3b,llama-3.2-1b,qwen2.5-0.5b",
                        help="sizes, or folders with a config.json; default: %(default)s")
    parser.add_argument("--ways", default="stock,tuned", help="default: %(default)s")
    parser.add_argument("--dtype", default="bfloat16", help="of the frozen base; default: %(default)s")
    parser.add_argument("--clients", type=int, default=16, help="default: %(default)s")
    parser.add_argument("--steps", type=int, default=8, help="of each client; default: %(default)s")
    parser.add_argument("--tokens", type=int, default=1024, help="of a step; default: %(default)s")
    parser.add_argument("--device", default="cuda:0", help="cpu, cuda:N; default: %(default)s")
    parser.add_argument("--limit", type=float, default=1e9, help="seconds after which nothing more is begun")
    parser.add_argument("--json", help="a line for each measurement goes there too, when it is made")
    args = parser.parse_args()
    begun = time.perf_counter()
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    shared.require_packages()
    packages = shared.versions()
    if not importlib.util.find_spec("peft"):
        print("peft is missing: the adapted layers are those of bench/hugging_face.py, which compute what PEFT's do", flush=True)
    import torch
    import transformers
    transformers.logging.set_verbosity_error()
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        print(f"error: nothing was measured: torch {torch.__version__} finds no GPU; --device cpu does without", file=sys.stderr)
        return 2
    device = Device(args.device)
    size, product = device.largest_product()
    print(", ".join(f"{name} {version}" for name, version in packages.items()) +
          f"; {args.dtype} on {device.card()}; {args.clients} clients one after the other, jobs of {args.steps} steps of "
          f"{args.tokens} tokens\nlargest product: {size:,} cubed, bfloat16, {product * 1e-12:.3f} TFLOP/s")
    print(f"{'base':<14} {'way':<6} {'tokens/s':>10} {'slowest to fastest client':>26} {'TFLOP/s':>9} {'share':>8} {'peak GB':>8}",
          flush=True)
    failed = False
    for shape in args.shapes.split(","):
        for way in args.ways.split(","):
            row = {"base": Path(shape).name, "way": way, "dtype": args.dtype, "device": device.card(), **packages}
            device.reset()
            if time.perf_counter() - begun > args.limit:
                row["left_out"] = "no time"
                print(f"{row['base']:<14} {way:<6} left out: no time", flush=True)
            else:
                try:
                    row |= Clients(args, shape, way == "tuned", device).measure()
                    row["share_of_product"] = row["useful_flops_per_second"] / product
                    clients = f"{row['slowest_client']:,.0f} to {row['fastest_client']:,.0f}"
                    print(f"{row['base']:<14} {way:<6} {row['tokens_per_second']:>10,.0f} {clients:>26} "
                          f"{row['useful_flops_per_second'] * 1e-12:>9.3f} {100 * row['share_of_product']:>6.1f} % "
                          f"{row['peak_bytes'] * 1e-9:>8.2f}", flush=True)
                except Exception as error:  # noqa: BLE001: the others are still worth their time
                    row["failed"] = (str(error).strip().splitlines() or [type(error).__name__])[0]
                    failed = True
                    print(f"{row['base']:<14} {way:<6} failed: {row['failed']}", flush=True)
            if args.json:
                with open(args.json, "a") as file:
                    file.write(json.dumps(row) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
