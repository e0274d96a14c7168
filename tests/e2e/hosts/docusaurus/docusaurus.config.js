export default {
  title: 'Handbook',
  url: 'http://127.0.0.1',
  baseUrl: '/docusaurus/',
  favicon: 'icon.svg',
  onBrokenLinks: 'throw',
  future: { v4: true, faster: true },
  clientModules: ['./src/poolscope.js'],
  presets: [['classic', { docs: { routeBasePath: '/', sidebarPath: false }, blog: false, theme: {} }]],
  themeConfig: { colorMode: { defaultMode: 'light' }, navbar: { title: 'Handbook' } },
};
