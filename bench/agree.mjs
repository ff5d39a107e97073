// Whether two programs saw the same faces on the same frames: what is compared for speed must first
// do the same work.
import fs from 'node:fs';

// Outer corners of the eyes in the 468-point mesh.
const RIGHT_EYE = 33;
const LEFT_EYE = 263;

export function median(values) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function intersectionOverUnion(a, b) {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (a[2] * a[3] + b[2] * b[3] - width * height);
}

// Boxes of landmarks, which every program of the comparison gives; detectors' boxes differ in what
// they mean by a face.
function extent(mesh) {
  const xs = mesh.map(([x]) => x);
  const ys = mesh.map(([, y]) => y);
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  return [left, top, Math.max(...xs) - left, Math.max(...ys) - top];
}

// Mean distance of the 468 landmarks, in distances of the outer corners of the eyes.
function landmarkDistance(ours, theirs) {
  const eyes = Math.hypot(ours[LEFT_EYE][0] - ours[RIGHT_EYE][0], ours[LEFT_EYE][1] - ours[RIGHT_EYE][1]);
  let sum = 0;
  for (let i = 0; i < 468; i += 1) sum += Math.hypot(ours[i][0] - theirs[i][0], ours[i][1] - theirs[i][1]);
  return sum / 468 / eyes;
}

// Frames of faces ({mesh, box?}) of two programs -> how far they agree.
export function compareFaces(ours, theirs) {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} frames against ${theirs.length}`);
  const overlaps = [];
  const distances = [];
  let sameCount = 0;
  ours.forEach((faces, i) => {
    if (faces.length === theirs[i].length) sameCount += 1;
    for (const face of faces) {
      let best = null;
      let overlap = 0;
      for (const other of theirs[i]) {
        const now = intersectionOverUnion(extent(face.mesh), extent(other.mesh));
        if (now > overlap) [best, overlap] = [other, now];
      }
      overlaps.push(overlap);
      if (best) distances.push(landmarkDistance(face.mesh, best.mesh));
    }
  });
  return {
    frames: ours.length,
    same_number_of_faces: sameCount / ours.length,
    median_overlap: median(overlaps),
    median_landmark_distance: median(distances),
  };
}

export function compareFiles(ours, theirs) {
  return compareFaces(JSON.parse(fs.readFileSync(ours)), JSON.parse(fs.readFileSync(theirs)));
}

// Throws where the two did not see the same faces.
export function demandAgreement(name, agreement) {
  const { same_number_of_faces: same, median_overlap: overlap, median_landmark_distance: distance } = agreement;
  if (!(same >= 0.95 && overlap >= 0.75 && distance <= 0.05)) {
    throw new Error(`${name}: not the same faces: ${JSON.stringify(agreement)}; nothing was timed`);
  }
}
