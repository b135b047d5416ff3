// top_k: merges one chunk of columns into each row's K largest values so far, with the columns they stand in.
//   Order: larger values first; of equal ones the lower column. Values must be finite.
// x           [ROWS, COLS]   f32, read: columns chunk.x ... chunk.x + chunk.y - 1 of the whole; later ones are not read
// chunk       vec4u, uniform: first column and number of columns, 1 to COLS, and where in x's rows they begin; at first
//             column 0 the rows start afresh
// values      [ROWS, K]      f32, updated in place, in order
// indices     [ROWS, K]      u32, updated in place: columns of the whole; 0xffffffff while a row has fewer than K
// dispatch    [ROWS] folded into x and y; one workgroup per row
// method      What precedes the K-th best is put aside; when that is half full, it is sorted and merged (bitonic).
// numerics    comparisons only. The atomic counter deals out places in an unspecified order, but what they hold is
//             sorted by a total order: results do not depend on it.
override ROWS: u32;
override COLS: u32;
override K: u32;
override BEST: u32; // the power of two that holds K
override ASIDE: u32; // a power of two, at least BEST and 2 * WORKGROUP_SIZE
override WORKGROUP_SIZE: u32 = 64;
const LOWEST: f32 = -3.4028234e38;
const NOWHERE: u32 = 0xffffffffu;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<uniform> chunk: vec4u;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> indices: array<u32>;

var<workgroup> best_value: array<f32, BEST>;
var<workgroup> best_index: array<u32, BEST>;
var<workgroup> aside_value: array<f32, ASIDE>;
var<workgroup> aside_index: array<u32, ASIDE>;
var<workgroup> taken: atomic<u32>;
var<workgroup> aside: u32; // taken, where all lanes may read it as one

fn precedes(value: f32, index: u32, other: f32, other_index: u32) -> bool {
  return value > other || (value == other && index < other_index);
}

// One step of a bitonic network over the first `size` places aside; runs of `run` become sorted, in turns down and up.
fn exchange_aside(lane: u32, size: u32, run: u32, reach: u32) {
  for (var t = lane; t < size / 2u; t += WORKGROUP_SIZE) {
    let i = 2u * t - (t & (reach - 1u)); // reach is a power of two
    let j = i + reach;
    let out_of_order = precedes(aside_value[j], aside_index[j], aside_value[i], aside_index[i]);
    if (out_of_order == ((i & run) == 0u)) {
      let value = aside_value[i];
      aside_value[i] = aside_value[j];
      aside_value[j] = value;
      let index = aside_index[i];
      aside_index[i] = aside_index[j];
      aside_index[j] = index;
    }
  }
}

fn exchange_best(lane: u32, reach: u32) {
  for (var t = lane; t < BEST / 2u; t += WORKGROUP_SIZE) {
    let i = 2u * t - (t & (reach - 1u)); // reach is a power of two
    let j = i + reach;
    if (precedes(best_value[j], best_index[j], best_value[i], best_index[i])) {
      let value = best_value[i];
      best_value[i] = best_value[j];
      best_value[j] = value;
      let index = best_index[i];
      best_index[i] = best_index[j];
      best_index[j] = index;
    }
  }
}

// Sorts what stands aside and merges it into the best; nothing stands aside after.
fn merge(lane: u32, count: u32) {
  var size = 1u;
  while (size < count) { size *= 2u; }
  for (var i = count + lane; i < size; i += WORKGROUP_SIZE) {
    aside_value[i] = LOWEST;
    aside_index[i] = NOWHERE;
  }
  workgroupBarrier();
  for (var run = 2u; run <= size; run *= 2u) {
    for (var reach = run / 2u; reach > 0u; reach /= 2u) {
      exchange_aside(lane, size, run, reach);
      workgroupBarrier();
    }
  }
  // The better of the i-th best and the i-th from the end: a bitonic sequence of the BEST best of both.
  for (var i = lane; i < BEST; i += WORKGROUP_SIZE) {
    let other = BEST - 1u - i;
    if (other < size && precedes(aside_value[other], aside_index[other], best_value[i], best_index[i])) {
      best_value[i] = aside_value[other];
      best_index[i] = aside_index[other];
    }
  }
  if (lane == 0u) { atomicStore(&taken, 0u); }
  workgroupBarrier();
  for (var reach = BEST / 2u; reach > 0u; reach /= 2u) {
    exchange_best(lane, reach);
    workgroupBarrier();
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= ROWS) { return; }
  let first = chunk.x;
  let count = min(chunk.y, COLS - chunk.z);
  for (var i = lane; i < BEST; i += WORKGROUP_SIZE) {
    best_value[i] = LOWEST;
    best_index[i] = NOWHERE;
    if (first > 0u && i < K) {
      best_value[i] = values[row * K + i];
      best_index[i] = indices[row * K + i];
    }
  }
  if (lane == 0u) { atomicStore(&taken, 0u); }
  workgroupBarrier();
  // Before each strip at most half of the places are taken, and a strip has half as many columns as there are places.
  for (var strip = 0u; strip < count; strip += ASIDE / 2u) {
    let last_value = best_value[K - 1u];
    let last_index = best_index[K - 1u];
    let end = min(count, strip + ASIDE / 2u);
    for (var c = strip + lane; c < end; c += WORKGROUP_SIZE) {
      let value = x[row * COLS + chunk.z + c];
      if (precedes(value, first + c, last_value, last_index)) {
        let place = atomicAdd(&taken, 1u);
        aside_value[place] = value;
        aside_index[place] = first + c;
      }
    }
    workgroupBarrier();
    if (lane == 0u) { aside = atomicLoad(&taken); }
    let waiting = workgroupUniformLoad(&aside);
    if (waiting > ASIDE / 2u || (end == count && waiting > 0u)) { merge(lane, waiting); }
  }
  for (var i = lane; i < K; i += WORKGROUP_SIZE) {
    values[row * K + i] = best_value[i];
    indices[row * K + i] = best_index[i];
  }
}
