/** Where a lead may go on the board, and what the board looks like when it is there. Pure: the page sends the same to the server. */
import type { Board, Lead, Stage } from '../../src/api/schemas/leads.ts'

export interface Place {
  readonly stage: Stage
  /** The lead in front of which it comes; null: at the end. */
  readonly before: number | null
}
export type Direction = 'left' | 'right' | 'up' | 'down'

/** One step of the keyboard. Undefined where there is no further place. A column to the left or right is entered at its top. */
export function placeBeside({ columns }: Board, id: number, direction: Direction): Place | undefined {
  const at = columns.findIndex(({ leads }) => leads.some((lead) => lead.id === id))
  const column = columns[at]
  if (column === undefined) return undefined
  if (direction === 'left' || direction === 'right') {
    const next = columns[at + (direction === 'left' ? -1 : 1)]
    return next === undefined ? undefined : { stage: next.stage, before: next.leads[0]?.id ?? null }
  }
  const index = column.leads.findIndex((lead) => lead.id === id)
  if (direction === 'up') {
    const above = column.leads[index - 1]
    return above === undefined ? undefined : { stage: column.stage, before: above.id }
  }
  const below = column.leads[index + 1]
  if (below === undefined) return undefined
  const next = column.leads[index + 2]
  // Behind the last one that is shown there may be more: the end of the column is another place then.
  if (next === undefined && column.count > column.leads.length) return undefined
  return { stage: column.stage, before: next?.id ?? null }
}

export function moved(board: Board, id: number, { stage, before }: Place): Board {
  const lead = leadOf(board, id)
  if (lead === undefined) return board
  const columns = board.columns.map((column) => {
    const isOld = lead.stage === column.stage
    const isNew = stage === column.stage
    if (!isOld && !isNew) return column
    const leads = column.leads.filter((each) => each.id !== id)
    const at = before === null ? leads.length : leads.findIndex((each) => each.id === before)
    if (isNew) leads.splice(at === -1 ? leads.length : at, 0, { ...lead, stage })
    const change = Number(isNew) - Number(isOld)
    return { ...column, leads, count: column.count + change, valueCents: column.valueCents + change * lead.valueCents }
  })
  return { columns }
}

function leadOf({ columns }: Board, id: number): Lead | undefined {
  return columns.flatMap(({ leads }) => leads).find((lead) => lead.id === id)
}
