/** Moves a lead at once, tells the server, and takes it back where the server refuses. */
import { useToast } from '@partywall/ui'
import { useQueryClient } from '@tanstack/vue-query'
import type { Board } from '../../src/api/schemas/leads.ts'
import { sendJson } from '../api/fetch.ts'
import { moved, type Place } from './board.ts'

export const boardKey = ['leads', 'board']

export function useMove(): (id: number, place: Place) => Promise<boolean> {
  const queries = useQueryClient()
  const toast = useToast()
  // One after the other: the places that a later move names are those after the earlier one.
  let last: Promise<unknown> = Promise.resolve()
  return async (id, place) => {
    await queries.cancelQueries({ queryKey: boardKey })
    queries.setQueryData<Board>(boardKey, (board) => (board === undefined ? undefined : moved(board, id, place)))
    const turn = last.then(() => sendJson('POST', `/api/leads/${id}/move`, place))
    const settled = turn.catch(() => undefined)
    last = settled
    try {
      await turn
      return true
    } catch (error) {
      toast.bad((error as Error).message)
      return false
    } finally {
      if (last === settled) void queries.invalidateQueries()
    }
  }
}
