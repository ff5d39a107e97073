declare module "world-atlas/countries-110m.json" {
  const atlas: unknown;
  export default atlas;
}
declare module "topojson-client" {
  export function feature(topology: never, object: never): unknown;
}
