// adamw_corrections: counts an update of AdamW that is applied, and finds what corrects its averages' start at zero.
//   t = t + 1, unless finite is 0;  corrections = table[t] = (1 / (1 - beta1^t), 1 / sqrt(1 - beta2^t))
// control     the loss scale's state, uniform
// table       [TABLE]   vec2 of f32, read; its last entry is what those after it would be too: (1, 1)
// updates     [1]       f32, updated in place: t, a whole number; from 2^24 on it stays
// corrections [1]       vec2 of f32, overwritten
// dispatch    [1]       one invocation
// numerics    the table is rounded once from float64: 1 - beta^t of an early t is a small difference
// reference   arXiv 1412.6980 §3; as with torch.cuda.amp.GradScaler, a skipped step does not count
struct Control { scale: f32, inv_scale: f32, finite: f32 }

@group(0) @binding(0) var<uniform> control: Control;
@group(0) @binding(1) var<storage, read> table: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> updates: array<f32>;
@group(0) @binding(3) var<storage, read_write> corrections: array<vec2f>;

@compute @workgroup_size(1)
fn main() {
  var t = updates[0];
  if (control.finite != 0.0) {
    t += 1.0;
    updates[0] = t;
  }
  corrections[0] = table[min(u32(t), arrayLength(&table) - 1u)];
}
