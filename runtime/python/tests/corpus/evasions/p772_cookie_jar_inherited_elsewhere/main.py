from jars import Jar

jar = Jar()
jar.load("cookies")
