#!/usr/bin/env python3
"""The work of bench_training (bench/README.md) with Hugging Face's transformers and PEFT, in the same columns.

    python3 bench/hugging_face.py --shapes opt-mini,opt-125m --json hf.json

Random weights of the same shapes, LoRA r = 8 on q_proj and v_proj, the same lengths in the same steps, dropout 0, AdamW with
clipping. Two ways:

  stock   as scripts do it: batches padded to their longest example, transformers' default attention, all logits, PEFT's
          float32 adapter
  tuned   the examples of a step one after the other without padding, scaled-dot-product attention over each of them alone,
          logits of the rows that predict a label, the adapter in the base's dtype, no graph and no modes that evaluation does
          not need, memory that glibc keeps (MALLOC_*), AVX-512 kernels where the CPU has them

Each measurement is made by processes of its own, one for each slot, since Python's threads would wait for each other; their
peaks are added up. Needs torch and transformers (4.48 or newer), says so where they are missing, and takes peft where it is
installed. Where it is not (Debian has no package of it), adapted layers are this script's own, which compute what PEFT's do:
x to the adapter's dtype, B(A(x)) times the scale, added to the base's output, and back to its dtype."""

import argparse
import csv
import importlib.metadata
import importlib.util
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("torch", "transformers")
STEP, DENSE_TOKENS, DENSE_LABELS, EXAMPLES = 8, 128, 20, 64
PROMPTS, PROMPT_TOKENS, NEW_TOKENS = 16, 64, 32
ROWS, SQUARE = 1024, 2048


# ---- what is measured --------------------------------------------------------------------------------------------------------

def read_lengths(file):
    """(tokens, labels) of each example."""
    with open(file, newline="") as table:
        lengths = [(int(row["tokens"]), int(row["labels"])) for row in csv.DictReader(table)]
    if not lengths or len(lengths) % (2 * STEP):
        raise SystemExit(f"error: {file}: has {len(lengths)} examples; allowed: a multiple of {2 * STEP}")
    return lengths


def lengths_of(task):
    return read_lengths(task["lengths"]) if task["data"] == "mixed" else [(DENSE_TOKENS, DENSE_LABELS)] * EXAMPLES


def examples_of(task, vocabulary):
    """(tokens, first label) of each example."""
    rng = random.Random(7)
    return [([rng.randrange(vocabulary) for _ in range(n)], n - labels) for n, labels in lengths_of(task)]


def label_share(lengths):
    return sum(labels for _, labels in lengths) / sum(tokens for tokens, _ in lengths)


def rope(transformers, theta, scaling=None):
    """Transformers 5 takes one dictionary, 4 took two arguments."""
    if int(transformers.__version__.split(".")[0]) >= 5:
        return {"rope_parameters": {"rope_type": "default", **(scaling or {}), "rope_theta": theta}}
    return {"rope_theta": theta, "rope_scaling": scaling}


def config_of(shape):
    """A size of this table, or a folder with a config.json."""
    import transformers
    from transformers import AutoConfig, LlamaConfig, OPTConfig, Qwen2Config
    if shape in ("opt-125m", "opt-1.3b"):
        width, layers, heads = (768, 12, 12) if shape == "opt-125m" else (2048, 24, 32)
        config = OPTConfig(vocab_size=50272, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
                           ffn_dim=4 * width, word_embed_proj_dim=width, max_position_embeddings=2048)
    elif shape == "qwen2.5-0.5b":
        config = Qwen2Config(vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24,
                             num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=32768, rms_norm_eps=1e-6,
                             tie_word_embeddings=True, **rope(transformers, 1000000.0))
    elif shape == "smollm2-135m":
        config = LlamaConfig(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
                             num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=8192, rms_norm_eps=1e-5,
                             tie_word_embeddings=True, **rope(transformers, 100000.0))
    elif shape == "llama-3.2-1b":
        scaling = {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                   "original_max_position_embeddings": 8192}
        config = LlamaConfig(vocab_size=128256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16,
                             num_attention_heads=32, num_key_value_heads=8, head_dim=64, max_position_embeddings=131072,
                             rms_norm_eps=1e-5, tie_word_embeddings=True, **rope(transformers, 500000.0, scaling))
    else:
        shipped = ROOT / "scenarios" / "base" / shape
        config = AutoConfig.from_pretrained(str(shipped if shipped.exists() else shape))
    for name in ("dropout", "attention_dropout", "layerdrop"):
        if hasattr(config, name):
            setattr(config, name, 0.0)
    return config


# ---- one measurement, in a process of its own ----------------------------------------------------------------------------------

class Packed:
    """Examples one after the other, in one row."""

    def __init__(self, examples):
        import torch
        tokens, positions, rows, labels = [], [], [], []
        self.lengths = [len(sequence) for sequence, _ in examples]
        for sequence, first_label in examples:
            rows += range(len(tokens) + first_label - 1, len(tokens) + len(sequence) - 1)
            labels += sequence[first_label:]
            tokens += sequence
            positions += range(len(sequence))
        self.ids, self.positions = torch.tensor([tokens]), torch.tensor([positions])
        self.rows, self.labels = torch.tensor(rows), torch.tensor(labels)


def padded(examples):
    """What a collator makes."""
    import torch
    longest = max(len(tokens) for tokens, _ in examples)
    batch = {"input_ids": torch.full((len(examples), longest), 1),
             "attention_mask": torch.zeros((len(examples), longest), dtype=torch.long),
             "labels": torch.full((len(examples), longest), -100)}
    for row, (tokens, first_label) in enumerate(examples):
        n = len(tokens)
        batch["input_ids"][row, :n] = torch.tensor(tokens)
        batch["attention_mask"][row, :n] = 1
        batch["labels"][row, first_label:n] = batch["input_ids"][row, first_label:n]
    return batch


class EachAlone:
    """An attention function for transformers: each example of a packed row by itself. `lengths` says where they end."""

    lengths = None

    def __call__(self, module, query, key, value, attention_mask, scaling=None, dropout=0.0, **_):
        import torch
        from torch.nn.functional import scaled_dot_product_attention
        groups = query.shape[1] // key.shape[1]  # [1, heads, T, d]
        if groups > 1:
            key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        parts = [scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling)
                 for q, k, v in zip(*(x.split(self.lengths, 2) for x in (query, key, value)))]
        return torch.cat(parts, 2).transpose(1, 2), None


each_alone = EachAlone()


def add_lora(base, targets, r, scale, dtype):
    """LoRA without PEFT, in place of the base's linear layers of these names. Gives the base."""
    import torch

    class LoraLinear(torch.nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.base_layer = layer
            self.lora_A = torch.nn.Linear(layer.in_features, r, bias=False, dtype=dtype)
            self.lora_B = torch.nn.Linear(r, layer.out_features, bias=False, dtype=dtype)
            torch.nn.init.zeros_(self.lora_B.weight)

        def forward(self, x):
            result = self.base_layer(x)
            change = self.lora_B(self.lora_A(x.to(dtype))) * scale
            return (result + change).to(result.dtype)

    base.requires_grad_(False)
    for parent in list(base.modules()):
        for name, layer in list(parent.named_children()):
            if name in targets:
                setattr(parent, name, LoraLinear(layer))
    return base


def adapted(base, tuned, dtype):
    """LoRA r = 8 on queries and values: by PEFT where it is installed."""
    import torch
    targets, r, alpha = ["q_proj", "v_proj"], 8, 16
    if importlib.util.find_spec("peft") is None:
        return add_lora(base, targets, r, alpha / r, dtype if tuned else torch.float32)
    from peft import LoraConfig, get_peft_model
    lora = LoraConfig(r=r, lora_alpha=alpha, target_modules=targets, lora_dropout=0.0, task_type="CAUSAL_LM")
    return get_peft_model(base, lora, autocast_adapter_dtype=not tuned)


def packed_loss(base, batch):
    """Of a Packed batch; the head sees the rows that predict a label."""
    import torch
    hidden = base.model(input_ids=batch.ids, position_ids=batch.positions, use_cache=False)[0][0]
    logits = base.get_output_embeddings()(hidden[batch.rows])
    return torch.nn.functional.cross_entropy(logits.float(), batch.labels)


def training_flops_per_token(base, labels):
    """Useful ones: 4 for each weight of a frozen linear layer, of the head's for the share of labels."""
    import torch
    head = base.get_output_embeddings()
    body = sum(m.weight.numel() for n, m in base.named_modules()
               if isinstance(m, torch.nn.Linear) and "lora_" not in n and m is not head)
    return 4.0 * (body + labels * head.weight.numel())


class Work:
    """A model under an adapter, and what is done with it."""

    def __init__(self, task):
        import torch
        import transformers
        self.task, self.torch, self.tuned = task, torch, task["way"] == "tuned"
        transformers.logging.set_verbosity_error()
        torch.manual_seed(0)
        torch.set_num_threads(task["threads"])
        config = config_of(task["shape"])
        config.use_cache = task["work"] == "generate"
        packs = self.tuned and task["work"] != "generate"
        if packs:
            transformers.AttentionInterface.register("each_alone", each_alone)
        base = transformers.AutoModelForCausalLM.from_config(config, **({"attn_implementation": "each_alone"} if packs else {}))
        dtype = getattr(torch, task["dtype"])
        self.base = base.to(dtype)
        self.model = adapted(self.base, self.tuned, dtype)
        self.vocabulary = config.vocab_size
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        size = STEP if task["work"] == "train" else 2 * STEP
        examples = examples_of(task, self.vocabulary)
        make = Packed if packs else padded
        groups = [examples[i:i + size] for i in range(0, len(examples) - size + 1, size)]
        self.batches = [make(group) for group in groups] if task["work"] != "generate" else []
        self.tokens = [sum(len(tokens) for tokens, _ in group) for group in groups]
        self.turn = 0
        if task["work"] == "train":
            self.model.train()
            self.optimizer = torch.optim.AdamW(self.trained, lr=1e-3, weight_decay=0.01)
        else:
            self.model.eval()
            rng = random.Random(7)
            self.prompts = torch.tensor([[rng.randrange(self.vocabulary) for _ in range(PROMPT_TOKENS)] for _ in range(PROMPTS)])

    def loss(self, batch):
        if not self.tuned:
            return self.model(**batch).loss
        each_alone.lengths = batch.lengths
        return packed_loss(self.base, batch)

    def once(self):
        """The tokens that were served."""
        if self.task["work"] == "generate":
            with self.torch.inference_mode():
                self.model.generate(input_ids=self.prompts, attention_mask=self.torch.ones_like(self.prompts), do_sample=False,
                                    min_new_tokens=NEW_TOKENS, max_new_tokens=NEW_TOKENS, pad_token_id=1)
            return PROMPTS * NEW_TOKENS
        place = self.turn % len(self.batches)
        self.turn += 1
        if self.task["work"] == "evaluate":
            with self.torch.inference_mode() if self.tuned else self.torch.no_grad():
                self.loss(self.batches[place]).item()
            return self.tokens[place]
        loss = self.loss(self.batches[place])
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        loss.item()
        return self.tokens[place]

    def flops_per_token(self):
        """As bench_training counts them."""
        training = training_flops_per_token(self.base, label_share(lengths_of(self.task)))
        return {"train": training, "evaluate": training / 2}.get(self.task["work"])


class Products:
    """The fastest matrix products of the base's shapes, both directions, and of a large square."""

    def __init__(self, task):
        import torch
        import transformers
        torch.set_num_threads(task["threads"])
        self.torch, self.dtype, self.seconds = torch, getattr(torch, task["dtype"]), task["seconds"]
        with torch.device("meta"):
            model = transformers.AutoModelForCausalLM.from_config(config_of(task["shape"]))
        head = model.get_output_embeddings()
        self.counts = {}  # how often the base has a product of (rows, in, out)
        for module in model.modules():
            if isinstance(module, torch.nn.Linear):
                rows = ROWS * DENSE_LABELS // DENSE_TOKENS if module is head else ROWS
                key = (rows, module.in_features, module.out_features)
                self.counts[key] = self.counts.get(key, 0) + 1

    def fastest_seconds(self, rows, width_in, width_out, seconds):
        weight = self.torch.full((width_out, width_in), 0.01, dtype=self.dtype)
        x = self.torch.full((rows, width_in), 0.5, dtype=self.dtype)
        g = self.torch.full((rows, width_out), 0.5, dtype=self.dtype)
        begun, times = time.perf_counter(), []
        while len(times) < 2 or time.perf_counter() - begun < seconds:
            start = time.perf_counter()
            self.torch.nn.functional.linear(x, weight)
            self.torch.mm(g, weight)
            times.append(time.perf_counter() - start)
        return min(times)

    def measure(self):
        each = self.seconds / (len(self.counts) + 1)
        square = 4.0 * SQUARE ** 3 / self.fastest_seconds(SQUARE, SQUARE, SQUARE, each)
        flops = seconds = 0.0
        for (rows, width_in, width_out), count in self.counts.items():
            flops += count * 4.0 * rows * width_in * width_out
            seconds += count * self.fastest_seconds(rows, width_in, width_out, each)
        return {"square": square, "model": flops / seconds}


def peak_bytes():
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def run_task(task):
    """Says "ready" after a warm-up, measures when a line comes, and prints what it found."""
    import torch
    if task["work"] == "products":
        work = Products(task)
    else:
        work = Work(task)
        work.once()
    print("ready", flush=True)
    sys.stdin.readline()
    start, cpu = time.perf_counter(), cpu_seconds()
    if task["work"] == "products":
        result = work.measure()
    else:
        tokens = runs = 0
        while time.perf_counter() - start < task["seconds"] or (runs < 2 and task["work"] == "train"):
            tokens += work.once()
            runs += 1
        result = {"tokens_per_second": tokens / (time.perf_counter() - start)}
        if work.flops_per_token():
            result["flops_per_token"] = work.flops_per_token()
    result |= {"cpu_seconds": cpu_seconds() - cpu, "peak_bytes": peak_bytes(), "torch": torch.__version__}
    print(json.dumps(result), flush=True)


# ---- all of them, in turns -----------------------------------------------------------------------------------------------------

def environment_of(task):
    environment = dict(os.environ, OMP_NUM_THREADS=str(task["threads"]), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    if task["way"] == "tuned":
        environment |= {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "2000000000", "MALLOC_TOP_PAD_": str(64 << 20)}
        if "avx512f" in Path("/proc/cpuinfo").read_text():
            environment.setdefault("ATEN_CPU_CAPABILITY", "avx512")
    return environment


def machine_times():
    """(busy, all) seconds of all CPUs together."""
    ticks = [float(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    unit = os.sysconf("SC_CLK_TCK")
    return (sum(ticks) - ticks[3] - ticks[4]) / unit, sum(ticks) / unit


def run_once(task):
    """A process for each slot; they begin together."""
    command = [sys.executable, str(Path(__file__).resolve()), "--task", json.dumps(task)]
    with tempfile.TemporaryFile("w+") as errors:
        processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                                      env=environment_of(task)) for _ in range(task["slots"])]
        try:
            return together(processes)
        except (EOFError, OSError):
            errors.seek(0)
            raise RuntimeError((errors.read().strip().splitlines() or ["a process ended early"])[-1]) from None
        finally:
            for process in processes:
                process.kill()
                process.communicate()


def next_line(process):
    """What a process says, without what libraries print."""
    for line in process.stdout:
        if line == "ready\n" or line.startswith("{"):
            return line
    raise EOFError


def together(processes):
    for process in processes:
        next_line(process)
    busy, every = machine_times()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    results = [json.loads(next_line(process)) for process in processes]
    busy, every = machine_times()[0] - busy, machine_times()[1] - every
    own = sum(result["cpu_seconds"] for result in results)
    total = dict(results[0], others=max(0.0, (busy - own) / max(every, 1e-9)))
    for key in ("tokens_per_second", "peak_bytes"):
        if key in total:
            total[key] = sum(result[key] for result in results)
    return total


def require_packages():
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        print(f"error: nothing was measured: this Python ({sys.executable}) lacks {', '.join(missing)}; needed are "
              f"{', '.join(PACKAGES)}", file=sys.stderr)
        raise SystemExit(2)


def versions():
    """Of the packages; without peft the adapted layers are this script's own."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    found["peft"] = importlib.metadata.version("peft") if importlib.util.find_spec("peft") else "none, own LoRA layers"
    return found


def tasks_of(args):
    settings = [tuple(int(part) for part in text.split("x")) for text in args.settings.split(",")]
    works, data = args.work.split(","), args.data.split(",")
    tasks = []
    for shape in args.shapes.split(","):
        for dtype in args.dtypes.split(","):
            def add(work, way, of, slots, threads):
                if work in works:
                    tasks.append({"shape": shape, "dtype": dtype, "work": work, "way": way, "data": of, "slots": slots,
                                  "threads": threads, "lengths": args.lengths, "seconds": args.seconds})
            for count in sorted({n for slots, threads in settings for n in (threads, slots * threads)}):
                add("products", "stock", "", 1, count)
            for way in args.ways.split(","):
                for work in ("train", "evaluate"):
                    for of in data:
                        for slots, threads in settings:
                            if work == "train" or slots == 1:
                                add(work, way, of, slots, threads)
                for slots, threads in settings:
                    if slots == 1:
                        add("generate", way, "", slots, threads)
    return tasks


def values(runs, key):
    return [run[key] for run in runs if run and key in run]


def shares(outcomes, task, runs, of_shapes):
    """Of each repetition: a slot's useful operations against the fastest products of as many threads, those of the base's
    shapes or any."""
    for other, products in outcomes:
        if (other["work"] == "products" and other["shape"] == task["shape"] and other["dtype"] == task["dtype"] and
                other["threads"] == task["threads"]):
            fastest = max(values(products, "model") + ([] if of_shapes else values(products, "square")), default=0.0)
            return [run["tokens_per_second"] * run["flops_per_token"] / (fastest * task["slots"])
                    for run in runs if fastest and run and "flops_per_token" in run]
    return []


def number(value):
    return f"{value:.3f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def median(found, unit=1.0):
    return number(unit * statistics.median(found)) if found else "-"


def percent(found):
    return f"{100.0 * statistics.median(found):.1f} %" if found else "-"


def spread(found, unit=1.0):
    return f"{number(unit * min(found))} to {number(unit * max(found))}" if found else "-"


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(w) if i < 4 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip())


def print_report(outcomes):
    products = [["model", "dtype", "products", "threads", "square", "range", "shapes", "range", "others"]]
    rows = [["model", "dtype", "work", "slots x threads", "tokens/s", "range", "GFLOP/s", "of peak", "of shapes", "peak MB",
             "others"]]
    for task, runs in outcomes:
        name, others = Path(task["shape"]).name, percent(values(runs, "others"))
        if task["work"] == "products":
            products.append([name, task["dtype"], "GFLOP/s", str(task["threads"])] +
                            [text for key in ("square", "model")
                             for text in (median(values(runs, key), 1e-9), spread(values(runs, key), 1e-9))] + [others])
            continue
        speeds, flops = values(runs, "tokens_per_second"), values(runs, "flops_per_token")
        rows.append([name, task["dtype"], f"{task['way']} {task['work']}",
                     f"{task['data']} {task['slots']}x{task['threads']}".strip(), median(speeds), spread(speeds),
                     median(speeds, flops[0] * 1e-9) if flops else "-",
                     percent(shares(outcomes, task, runs, False)),
                     percent(shares(outcomes, task, runs, True)),
                     median(values(runs, "peak_bytes"), 1e-6), others])
    for table in (products, rows):
        if len(table) > 1:
            print_table(table)
            print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", default="opt-mini,opt-125m,smollm2-135m",
                        help="sizes (also opt-1.3b, llama-3.2-1b, qwen2.5-0.5b), or folders with a config.json; default: %(default)s")
    parser.add_argument("--dtypes", default="float32,bfloat16", help="default: %(default)s")
    parser.add_argument("--settings", default="1x1,2x1,1x2", help="slots x threads of each; default: %(default)s")
    parser.add_argument("--data", default="dense,mixed", help="default: %(default)s")
    parser.add_argument("--work", default="products,train,evaluate,generate", help="default: %(default)s")
    parser.add_argument("--ways", default="stock,tuned", help="default: %(default)s")
    parser.add_argument("--lengths", default=str(ROOT / "bench" / "mixed_lengths.csv"), help="the mixed examples")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement; default: %(default)s")
    parser.add_argument("--repetitions", type=int, default=3, help="of all of them, in turns; default: %(default)s")
    parser.add_argument("--json", help="write all measurements there too")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    args = parser.parse_args()
    require_packages()
    if args.task:
        run_task(json.loads(args.task))
        return 0
    read_lengths(args.lengths)
    outcomes = [(task, []) for task in tasks_of(args)]
    failed = False
    for repetition in range(args.repetitions):
        for place, (task, runs) in enumerate(outcomes):
            print(f"repetition {repetition + 1} of {args.repetitions}, {place + 1} of {len(outcomes)}: {task['shape']} "
                  f"{task['dtype']} {task['way']} {task['work']} {task['data']} {task['slots']}x{task['threads']}",
                  file=sys.stderr, flush=True)
            try:
                runs.append(run_once(task))
            except Exception as error:  # noqa: BLE001: the others are still worth their time
                print(f"failed: {error}", file=sys.stderr, flush=True)
                runs.append(None)
                failed = True
    packages = versions()
    print(", ".join(f"{name} {version}" for name, version in packages.items()) + f"; median of {args.repetitions} repetitions\n")
    print_report(outcomes)
    if args.json:
        part = args.json + ".tmp"
        with open(part, "w") as file:
            json.dump({"packages": packages,
                       "measurements": [dict(task, runs=runs) for task, runs in outcomes]}, file, indent=1)
        os.replace(part, args.json)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
