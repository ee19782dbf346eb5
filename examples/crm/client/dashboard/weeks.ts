interface Point {
  readonly day: string
  readonly value: number
}

/** Days as weeks that end today: a bar for each day of three months is a fence. The first week may be shorter. */
export function weeksOf(days: readonly Point[]): { x: Date; y: number }[] {
  const weeks: { x: Date; y: number }[] = []
  for (let end = days.length; end > 0; end -= 7) {
    const week = days.slice(Math.max(0, end - 7), end)
    weeks.unshift({ x: dateOf(week[0]!.day), y: week.reduce((sum, { value }) => sum + value, 0) })
  }
  return weeks
}

/** At noon: the day stays the day in each time zone. */
export function dateOf(day: string): Date {
  return new Date(`${day}T12:00:00Z`)
}
