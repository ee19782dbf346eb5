/**
 * A value that goes through text is the same afterwards only with these settings: others round floating-point numbers, and abbreviate time zones to names that several
 * zones have.
 */
const settings = { extra_float_digits: '1', datestyle: `'ISO'`, intervalstyle: `'postgres'`, xmloption: 'content' } as const

/** The statements with these settings. Those behind them are read with the settings of the session, as they were written. */
export function exactly(texts: readonly string[]): string[] {
  return [
    ...Object.entries(settings).map(([name, value]) => `set local ${name} = ${value}`),
    ...texts,
    ...Object.keys(settings).map((name) => `set local ${name} to default`),
  ]
}
