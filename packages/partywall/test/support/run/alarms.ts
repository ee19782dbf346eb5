/**
 * Checks that run after each test and fail a test that left something behind: a checked-out connection, an open scope, a changed
 * search_path. The helper that creates such a thing sets the alarm for it.
 * @example setAlarm(() => expect(pool.totalCount - pool.idleCount, 'checked-out connections').toBe(0))
 */
type Alarm = () => void | Promise<void>

const alarms = new Set<Alarm>()

/** Returns the function that removes the alarm. */
export function setAlarm(alarm: Alarm): () => void {
  alarms.add(alarm)
  return () => void alarms.delete(alarm)
}

/** What each-file.ts calls after each test. */
export async function checkAlarms(): Promise<void> {
  for (const alarm of alarms) await alarm()
}
