/**
 * Checks after each test that fail the test which left something behind: a leased connection, an open scope, a stray search_path.
 * Whoever makes such a thing in a test file sets the alarm for it.
 * @example setAlarm(() => expect(pool.totalCount - pool.idleCount, 'leased connections').toBe(0))
 */
type Alarm = () => void | Promise<void>

const alarms = new Set<Alarm>()

/** Returns the function that takes the alarm away again. */
export function setAlarm(alarm: Alarm): () => void {
  alarms.add(alarm)
  return () => void alarms.delete(alarm)
}

export async function checkAlarms(): Promise<void> {
  for (const alarm of alarms) await alarm()
}
