// Finds the page tag (AprilTag 36h10) in a grey picture: dark blobs, the four corners of each, the 6 × 6 bits
// between them, the nearest known code. Measured in docs/photos.md. A picture is { grey, width, height }.
import { CODES } from "./tag_codes.js";

const WRONG_BITS = 2; // the family's codes are 10 bits apart
const SMALLEST = 14; // pixels
// What counts as dark: by this share below the mean of a box with this radius, in pixels of a picture 1,000 wide.
const PASSES = [
  [20, 0.15],
  [12, 0.08],
  [40, 0.25],
];

// Each code in its four positions; `first` says which corner of the square read is the upper left one of the page.
const KNOWN = CODES.flatMap(([id, code]) => {
  let bits = [...code].flatMap((digit) => [8, 4, 2, 1].map((bit) => (parseInt(digit, 16) & bit ? 1 : 0)));
  return [0, 1, 2, 3].map((first) => {
    const known = { id, first, halves: halves(bits) };
    bits = bits.map((_, at) => bits[(5 - (at % 6)) * 6 + ((at / 6) | 0)]);
    return known;
  });
});

/** The tag of a page: { id, turn, corners }, or null. `turn` is how many quarters the page is turned clockwise; the
 * corners are the tag's, clockwise from the one at the upper left of an upright page. */
export function findTag(picture, passes = PASSES.length) {
  for (const [radius, share] of PASSES.slice(0, passes)) {
    const scale = Math.min(picture.width, picture.height) / 1000;
    const dark = darkPixels(picture, Math.max(4, Math.round(radius * scale)), share);
    for (const outline of blobs(dark, picture)) {
      const square = fourCorners(outline);
      const read = square && readBits(picture, square);
      if (!read) continue;
      const corners = [0, 1, 2, 3].map((at) => square[(at + read.first) & 3]);
      const along = Math.atan2(corners[1][1] - corners[0][1], corners[1][0] - corners[0][0]);
      return { id: read.id, turn: Math.round(along / (Math.PI / 2)) & 3, corners };
    }
  }
  return null;
}

/** How wide the tag's outer edges are, as the sigma of a Gaussian in pixels; the worse of its two directions. */
export function edgeWidth(picture, corners) {
  const place = placing(corners);
  const widths = [[], []];
  for (let side = 0; side < 4; side++) {
    for (let step = 0; step < 12; step++) {
      const along = 0.12 + (0.76 * step) / 11;
      const at = (depth) =>
        place(...[[along, depth], [1 - depth, along], [along, 1 - depth], [depth, along]][side]);
      const [fromX, fromY] = at(-0.11);
      const [toX, toY] = at(0.1);
      const length = Math.hypot(toX - fromX, toY - fromY);
      const count = Math.max(8, Math.ceil(length * 2));
      const values = [];
      for (let n = 0; n <= count; n++) {
        values.push(light(picture, fromX + ((toX - fromX) * n) / count, fromY + ((toY - fromY) * n) / count));
      }
      const pixel = Math.max(1, Math.round(count / length));
      let steepest = 0;
      for (let n = pixel; n <= count; n++) {
        steepest = Math.max(steepest, ((values[n - pixel] - values[n]) * count) / (length * pixel));
      }
      if (steepest > 0) widths[side & 1].push((Math.max(...values) - Math.min(...values)) / (2.507 * steepest));
    }
  }
  return Math.max(...widths.map((all) => all.sort((a, b) => a - b)[all.length >> 1] ?? Infinity));
}

// 1 where a pixel is darker than the mean of the box around it by this share. The box ends at the picture's edges.
function darkPixels({ grey, width, height }, radius, share) {
  const dark = new Uint8Array(width * height);
  const columns = new Int32Array(width);
  const add = (row, sign) => {
    for (let x = 0, at = row * width; x < width; x++, at++) columns[x] += sign * grey[at];
  };
  let rows = Math.min(radius, height);
  for (let y = 0; y < rows; y++) add(y, 1);
  for (let y = 0; y < height; y++) {
    if (y + radius < height) add(y + radius, 1), rows++;
    if (y > radius) add(y - radius - 1, -1), rows--;
    let sum = 0;
    let count = Math.min(radius, width);
    for (let x = 0; x < count; x++) sum += columns[x];
    for (let x = 0, at = y * width; x < width; x++, at++) {
      if (x + radius < width) (sum += columns[x + radius]), count++;
      if (x > radius) (sum -= columns[x - radius - 1]), count--;
      if (grey[at] * count * rows < sum * (1 - share)) dark[at] = 1;
    }
  }
  return dark;
}

// The outline of each connected dark blob that could be a tag: the first and last pixel of each row and column.
function* blobs(dark, { width, height }) {
  const largest = Math.min(width, height) * 0.45;
  const stack = new Int32Array(width * height);
  for (let start = 0; start < dark.length; start++) {
    if (dark[start] !== 1) continue;
    let count = 0;
    let left = width, right = 0, top = height, bottom = 0;
    const take = (at) => {
      dark[at] = 2;
      stack[count++] = at;
    };
    take(start);
    for (let n = 0; n < count; n++) {
      const at = stack[n];
      const y = (at / width) | 0;
      const x = at - y * width;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
      if (x > 0 && dark[at - 1] === 1) take(at - 1);
      if (x < width - 1 && dark[at + 1] === 1) take(at + 1);
      if (y > 0 && dark[at - width] === 1) take(at - width);
      if (y < height - 1 && dark[at + width] === 1) take(at + width);
    }
    const wide = right - left + 1;
    const high = bottom - top + 1;
    if (Math.min(wide, high) < SMALLEST || Math.max(wide, high) > largest) continue;
    if (wide > 2.5 * high || high > 2.5 * wide || count < 0.15 * wide * high) continue;
    const rowStart = new Int32Array(high).fill(width), rowEnd = new Int32Array(high).fill(-1);
    const columnStart = new Int32Array(wide).fill(height), columnEnd = new Int32Array(wide).fill(-1);
    for (let n = 0; n < count; n++) {
      const y = (stack[n] / width) | 0;
      const x = stack[n] - y * width;
      rowStart[y - top] = Math.min(rowStart[y - top], x);
      rowEnd[y - top] = Math.max(rowEnd[y - top], x);
      columnStart[x - left] = Math.min(columnStart[x - left], y);
      columnEnd[x - left] = Math.max(columnEnd[x - left], y);
    }
    const outline = [];
    for (let y = 0; y < high; y++) outline.push([rowStart[y] - 0.5, y + top], [rowEnd[y] + 0.5, y + top]);
    for (let x = 0; x < wide; x++) outline.push([x + left, columnStart[x] - 0.5], [x + left, columnEnd[x] + 0.5]);
    yield outline;
  }
}

const turning = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

function area(points) {
  return points.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = points[(at + 1) % points.length];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

// Andrew's way around the points.
function hull(points) {
  const sorted = points.sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  const half = (ordered) => {
    const kept = [];
    for (const point of ordered) {
      while (kept.length > 1 && turning(kept.at(-2), kept.at(-1), point) <= 0) kept.pop();
      kept.push(point);
    }
    kept.pop();
    return kept;
  };
  return [...half(sorted), ...half([...sorted].reverse())];
}

// The corners of an outline that is nearly a square, clockwise; null for anything else. Of the hull the point whose
// triangle is smallest goes until four are left; then a line through the points of each side says it to a fraction.
function fourCorners(outline) {
  const around = hull(outline);
  if (around.length < 4) return null;
  const whole = Math.abs(area(around));
  while (around.length > 4) {
    const triangles = around.map((point, at) =>
      Math.abs(turning(around.at(at - 1), point, around[(at + 1) % around.length])),
    );
    around.splice(triangles.indexOf(Math.min(...triangles)), 1);
  }
  if (Math.abs(area(around)) < 0.8 * whole) return null;
  const lines = around.map((from, at) => sideThrough(outline, from, around[(at + 1) & 3]));
  if (lines.includes(null)) return null;
  const corners = lines.map((line, at) => crossing(lines[(at + 3) & 3], line));
  if (corners.includes(null)) return null;
  const sides = corners.map(([x, y], at) => Math.hypot(x - corners[(at + 1) & 3][0], y - corners[(at + 1) & 3][1]));
  const size = area(corners);
  if (Math.min(...sides) * 2.2 < Math.max(...sides) || Math.abs(size) < 100) return null;
  return size < 0 ? corners.reverse() : corners;
}

// A point and a direction: least squares over the outline's points near the middle four fifths of a side.
function sideThrough(outline, from, to) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length < 8) return null;
  const x = (to[0] - from[0]) / length;
  const y = (to[1] - from[1]) / length;
  let n = 0, sumT = 0, sumD = 0, sumTT = 0, sumTD = 0;
  for (const point of outline) {
    const t = (point[0] - from[0]) * x + (point[1] - from[1]) * y;
    const d = (point[1] - from[1]) * x - (point[0] - from[0]) * y;
    if (t < 0.1 * length || t > 0.9 * length || Math.abs(d) > Math.max(2, length * 0.06)) continue;
    n++, (sumT += t), (sumD += d), (sumTT += t * t), (sumTD += t * d);
  }
  const spread = n * sumTT - sumT * sumT;
  const slope = n > 4 && spread > 0 ? (n * sumTD - sumT * sumD) / spread : 0;
  const offset = n > 4 && spread > 0 ? (sumD - slope * sumT) / n : 0;
  return [from[0] - offset * y, from[1] + offset * x, x - slope * y, y + slope * x];
}

function crossing([x1, y1, a1, b1], [x2, y2, a2, b2]) {
  const across = a1 * b2 - b1 * a2;
  if (Math.abs(across) < 0.2) return null;
  const t = ((x2 - x1) * b2 - (y2 - y1) * a2) / across;
  return [x1 + t * a1 + 0.5, y1 + t * b1 + 0.5];
}

// From the unit square to the one with these corners (Heckbert).
function placing([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]) {
  const sumX = x0 - x1 + x2 - x3, sumY = y0 - y1 + y2 - y3;
  const across = (x1 - x2) * (y3 - y2) - (x3 - x2) * (y1 - y2);
  const g = (sumX * (y3 - y2) - (x3 - x2) * sumY) / across;
  const h = ((x1 - x2) * sumY - sumX * (y1 - y2)) / across;
  return (u, v) => {
    const z = g * u + h * v + 1;
    return [
      ((x1 - x0 + g * x1) * u + (x3 - x0 + h * x3) * v + x0) / z,
      ((y1 - y0 + g * y1) * u + (y3 - y0 + h * y3) * v + y0) / z,
    ];
  };
}

// The grey between the four pixels around a point.
function light({ grey, width, height }, x, y) {
  const within = (value, most) => Math.max(0, Math.min(most, value));
  const left = within((x - 0.5) | 0, width - 2), top = within((y - 0.5) | 0, height - 2);
  const right = within(x - 0.5 - left, 1), down = within(y - 0.5 - top, 1);
  const at = top * width + left;
  const above = grey[at] * (1 - right) + grey[at + 1] * right;
  return above * (1 - down) + (grey[at + width] * (1 - right) + grey[at + width + 1] * right) * down;
}

// { id, first } of the known code that these corners hold. 10 × 10 cells: white margin, black border, 6 × 6 bits.
function readBits(picture, corners) {
  const place = placing(corners);
  const cells = [];
  for (let row = 0; row < 10; row++) {
    for (let column = 0; column < 10; column++) {
      let sum = 0;
      for (const down of [-0.22, 0, 0.22]) {
        for (const right of [-0.22, 0, 0.22]) {
          sum += light(picture, ...place((column - 0.5 + right) / 8, (row - 0.5 + down) / 8));
        }
      }
      cells.push(sum / 9);
    }
  }
  const depthOf = (at) => Math.min(at % 10, (at / 10) | 0, 9 - (at % 10), 9 - ((at / 10) | 0));
  const ring = (depth) => cells.filter((_, at) => depthOf(at) === depth);
  const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const margin = ring(0), border = ring(1);
  const white = middle(margin), black = middle(border);
  const between = (black + white) / 2;
  if (white - black < 16) return null;
  if (border.filter((value) => value < between).length < 24) return null;
  if (margin.filter((value) => value > between).length < 22) return null;
  // As they are; then with what neighbours spill into each other taken back; then with other limits.
  for (const [sharper, limit] of [[0, 0.5], [0.25, 0.5], [0, 0.4], [0, 0.6], [0.5, 0.5]]) {
    const bits = [];
    for (let row = 2; row < 8; row++) {
      for (let at = row * 10 + 2; at < row * 10 + 8; at++) {
        const spilled = 4 * cells[at] - cells[at - 1] - cells[at + 1] - cells[at - 10] - cells[at + 10];
        bits.push(cells[at] + sharper * spilled > black + (white - black) * limit ? 1 : 0);
      }
    }
    const found = nearest(halves(bits));
    if (found) return found;
  }
  return null;
}

function nearest([upper, lower]) {
  let least = WRONG_BITS + 1;
  let found = null;
  for (const known of KNOWN) {
    const wrong = ones(known.halves[0] ^ upper) + ones(known.halves[1] ^ lower);
    if (wrong < least) (least = wrong), (found = known);
  }
  return found;
}

function halves(bits) {
  return [0, 18].map((from) => bits.slice(from, from + 18).reduce((number, bit) => number * 2 + bit, 0));
}

function ones(number) {
  let count = 0;
  for (; number; number &= number - 1) count++;
  return count;
}
