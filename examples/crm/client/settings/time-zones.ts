/** What this browser knows, with the one that is chosen already. */
export function timeZones(chosen: string): { value: string; label: string }[] {
  const known = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')]
  const names = known.includes(chosen) ? known : [chosen, ...known]
  return names.map((name) => ({ value: name, label: name.replaceAll('_', ' ') }))
}
