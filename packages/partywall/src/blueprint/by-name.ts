/** In the order of code units: the same on every machine. */
export function byName<T extends { readonly name: string; readonly kind?: string }>(objects: readonly T[]): T[] {
  return objects.toSorted((a, b) => order(a.name, b.name) || order(a.kind ?? '', b.kind ?? ''))
}

export function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
