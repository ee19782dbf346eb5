/** Statements about how far schedules have come. Every name is qualified, so the search path does not matter. */
import type { Statement } from '../../sql/statement.ts'

/** A schedule that is new starts now: it is not due for the past. */
export function beginScheduleSql(name: string, now: Date): Statement {
  return {
    text: `
      insert into partywall.schedules (name, done_until)
      values ($1::text, $2::timestamptz)
      on conflict (name) do nothing`,
    values: [name, now],
  }
}

/** No row: another process is at it. */
export function holdScheduleSql(name: string): Statement {
  return {
    text: `
      select schedule.done_until as done_until
      from partywall.schedules as schedule
      where schedule.name = $1::text
      for update skip locked`,
    values: [name],
  }
}

export function endScheduleSql(name: string, until: Date): Statement {
  return {
    text: `
      update partywall.schedules as schedule
      set done_until = $2::timestamptz
      where schedule.name = $1::text`,
    values: [name, until],
  }
}
