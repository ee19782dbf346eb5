export const leadTabs = [
  { to: '/leads', label: 'Board' },
  { to: '/leads/list', label: 'List' },
]
