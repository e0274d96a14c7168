export default {
  title: 'Handbook',
  url: 'http://127.0.0.1',
  baseUrl: '/docusaurus/',
  onBrokenLinks: 'throw',
  future: { v4: true, faster: true },
  // The package itself is the client module: it gives the elements to the page.
  clientModules: ['poolscope', 'poolscope/poolscope.css'],
  presets: [['classic', { docs: { routeBasePath: '/', sidebarPath: false }, blog: false, theme: {} }]],
  themeConfig: { colorMode: { defaultMode: 'light' }, navbar: { title: 'Handbook' } },
};
