// What the study declares of itself under [study] in study.toml.

import { definitions, section } from "./dom";

export interface Declaration {
  purpose: string | null;
  legal_basis: string | null;
  ethics_approval: string | null;
  contact: string | null;
  data_source: string | null;
}

const kAlways: [keyof Declaration, string][] = [["purpose", "Purpose"], ["legal_basis", "Legal basis"], ["ethics_approval", "Ethics approval"]];
const kWhereGiven: [keyof Declaration, string][] = [["data_source", "Source of the videos"], ["contact", "Contact"]];

export function declarationSection(declared: Declaration): HTMLElement {
  const rows = [...kAlways, ...kWhereGiven.filter(([key]) => declared[key] !== null)];
  return section("declared", "What the study declares", definitions(rows.map(([key, name]): [string, string] => [name, declared[key] ?? "not declared"])));
}
